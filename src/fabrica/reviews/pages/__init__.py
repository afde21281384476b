"""Pages of experts, of officers who give them reviews, and of applicants who answer."""
