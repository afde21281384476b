#!/bin/bash
#SBATCH --job-name=run-7.1.0123abcd
#SBATCH --comment=a-run
#SBATCH --account=team-7
#SBATCH --qos=fabrica_team-7
#SBATCH --partition=all
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:1
#SBATCH --time=1000
#SBATCH --array=1-3%1
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
srun --export=ALL --kill-on-bad-exit=1 --nodes=1 --ntasks=1 /opt/fabrica/bin/train job.json &
step=$!
trap 'kill -USR1 "$step" 2>/dev/null' USR1  # Slurm's warning before the limit goes on to the program
trap : TERM
while kill -0 "$step" 2>/dev/null; do wait "$step"; done
wait "$step"
code=$?
if [ "$code" = 143 ] && [ "$SLURM_ARRAY_TASK_ID" != 3 ]; then exit 0; fi
[ "$code" = 143 ] || scancel --state=PENDING "$SLURM_ARRAY_JOB_ID" 2>/dev/null
exit "$code"
