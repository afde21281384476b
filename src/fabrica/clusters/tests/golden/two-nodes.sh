#!/bin/bash
#SBATCH --job-name=run-7.1.0123abcd
#SBATCH --comment=a-run
#SBATCH --account=team-7
#SBATCH --qos=fabrica_team-7
#SBATCH --partition=large
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:1
#SBATCH --time=60
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --export=NIL
#SBATCH --open-mode=append
#SBATCH --chdir=/scratch/runs/7
#SBATCH --output=/scratch/runs/7/log.txt

unset SLURM_EXPORT_ENV  # else srun would hand nothing of what follows to the program
export FABRICA_JOB=job.json
export LANG=C.UTF-8
export OMP_NUM_THREADS=4
export PATH=/usr/local/bin:/usr/bin:/bin
set -u  # after the site's own lines: module systems use variables that are not set
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_ADDR=$(scontrol show node "$first" | sed -n 's/.*NodeAddr=\([^ ]*\).*/\1/p' | head -n 1)
MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export MASTER_ADDR MASTER_PORT
srun --export=ALL --kill-on-bad-exit=1 --ntasks=2 /opt/fabrica/bin/train job.json &
step=$!
trap 'kill -USR1 "$step" 2>/dev/null' USR1  # Slurm's warning before the limit goes on to the program
trap : TERM
while kill -0 "$step" 2>/dev/null; do wait "$step"; done
wait "$step"
code=$?
exit "$code"
