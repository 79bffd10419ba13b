# Options of xxact on its command line, as far as job files need them: --name VALUE, --name=VALUE, and --name VALUE VALUE...
# They are in the array job_arguments.
# shellcheck shell=bash disable=SC2154

# values_of NAME: every value, each with a zero byte behind it.
values_of() {
  local argument inside=0
  for argument in "${job_arguments[@]}"; do
    case $argument in
      --"$1"=*) inside=0; printf '%s\0' "${argument#*=}" ;;
      --"$1") inside=1 ;;
      --*) inside=0 ;;
      *) if ((inside)); then printf '%s\0' "$argument"; fi ;;
    esac
  done
}

value_of() { values_of "$1" | tail -z -n 1 | tr -d '\0'; }

has_option() {
  local argument
  for argument in "${job_arguments[@]}"; do
    if [[ $argument == --"$1" || $argument == --"$1"=* ]]; then return 0; fi
  done
  return 1
}

# arguments_without NAME...: all others with their values, each with a zero byte behind it.
arguments_without() {
  local argument name dropped=0
  for argument in "${job_arguments[@]}"; do
    if [[ $argument == --* ]]; then
      dropped=0
      for name in "$@"; do
        if [[ $argument == --"$name" || $argument == --"$name"=* ]]; then dropped=1; fi
      done
    fi
    if ((! dropped)); then printf '%s\0' "$argument"; fi
  done
}
