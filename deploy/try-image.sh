#!/usr/bin/env bash
# Builds the image and tries all of deploy/compose.yaml where a Docker engine is, then removes it.
# It ends with 0 when a session was decided and Prometheus has seen it. Needs docker with compose v2.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly WAIT_SECONDS=300
compose=(docker compose --file deploy/compose.yaml --project-name therapy-try)

say() { printf '\n== %s\n' "$1"; }

finish() {
  local status=$?
  if [[ "${status}" -ne 0 ]]; then
    say 'It failed; the last lines of every container:'
    "${compose[@]}" logs --tail 20 || true
  fi
  "${compose[@]}" --profile tools down --volumes --timeout 20 || true
  exit "${status}"
}
trap finish EXIT

# Asks Prometheus inside its own container, so that no port of this machine matters.
prometheus() {
  "${compose[@]}" exec --no-TTY prometheus wget --quiet --output-document=- \
    "http://localhost:9090/api/v1/$1"
}

say 'The image'
"${compose[@]}" build
image="therapy-billing:${THERAPY_VERSION:-0.1.0}"
docker image inspect --format '{{.Id}} user {{.Config.User}} {{.Size}} bytes' "${image}"
docker run --rm --read-only --cap-drop ALL --network none "${image}" rulebook check

say 'Everything up and ready'
"${compose[@]}" up --detach --wait --wait-timeout "${WAIT_SECONDS}" \
  units spend claims clinicians gateway prometheus grafana

say 'The sample, and one session of nobody'
"${compose[@]}" run --rm --no-TTY sample
"${compose[@]}" run --rm --no-TTY probe

say 'Nothing runs as root, and nothing can be written'
"${compose[@]}" exec --no-TTY units id -u | grep --quiet --invert-match --line-regexp 0
if "${compose[@]}" exec --no-TTY units mktemp; then
  echo 'A file could be written.'
  exit 1
fi

say 'Prometheus has the rules, and has seen the decisions'
prometheus rules | grep --quiet '"type":"alerting"'
end=$((SECONDS + 90))
until prometheus 'query?query=sum(therapy_decisions_total)%3E0' | grep --quiet '"value"'; do
  if [[ "${SECONDS}" -gt "${end}" ]]; then
    echo 'No decision has been scraped in 90 seconds.'
    exit 1
  fi
  sleep 3
done

say 'Grafana has the dashboards'
"${compose[@]}" exec --no-TTY grafana wget --quiet --output-document=- \
  'http://localhost:3000/api/search?type=dash-db' | grep --quiet '"uid"'

say 'It ends when it is told to'
"${compose[@]}" stop --timeout 20 units
units="$("${compose[@]}" ps --all --quiet units)"
status="$(docker inspect --format '{{.State.ExitCode}}' "${units}")"
[[ "${status}" -eq 0 ]]

say 'All is well.'
