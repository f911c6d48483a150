#!/usr/bin/env bash
# The miniature ablation from training to table; run again, it goes on where it was.
#
#   bash benchmarks/ablation_mini.sh HOME_FOLDER OUT_FOLDER [KEY=VALUE of train ...]
#
# HOME_FOLDER is a data root with a2bench-proc (split mini or larger), OUT_FOLDER gets the table as
# .md, .csv and .json. Two trainings run side by side, one core each: on small networks that is
# faster than two threads for one. `steps=120` makes it shorter; models of other settings need
# another root or name, they are never mixed.
set -euo pipefail
home=${1:?data root}
out=${2:?folder for the table}
shift 2
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
variants=(full no_ipi no_epi lambda_90)
seeds=0,1,2

a2bench train -m experiment=ablation_mini variant="${variants[0]},${variants[1]}" seed=$seeds home="$home" "$@" &
first=$!
a2bench train -m experiment=ablation_mini variant="${variants[2]},${variants[3]}" seed=$seeds home="$home" "$@" &
second=$!
wait $first
wait $second

methods=()
for variant in "${variants[@]}"; do
  middle=_$variant
  [ "$variant" = full ] && middle=
  for seed in 0 1 2; do methods+=("ablation_mini${middle}_t$seed"); done
done
listed=$(IFS=,; echo "${methods[*]}")
where=(dataset=a2bench-proc split=mini protocol=cross run=ablation_mini home="$home")
a2bench run method="[$listed]" "${where[@]}" seeds=2
a2bench run method=still "${where[@]}"
a2bench score method="[$listed,still]" "${where[@]}" seeds=2
a2bench table --ablation --split mini --protocol cross --run ablation_mini --home "$home" --out "$out"
