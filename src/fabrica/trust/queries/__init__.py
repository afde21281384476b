"""Reading trust: board, conditions, compute, changed purposes, impact assessments. Lists start from `visible_to`."""
