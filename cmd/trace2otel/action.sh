#!/usr/bin/env bash
# The step of action.yml that converts. Its inputs are environment variables,
# never part of a command's text, so that none can become one.
set -uo pipefail

args=(--to "$TO" --out "$OUT" --force --annotations github)
lines() { # appends $2, and each line of $1 as an argument of the flag $2
	local line
	while IFS= read -r line; do
		if [ -n "$line" ]; then
			args+=(${2:+"$2"} "$line")
		fi
	done <<<"$1"
}
lines "${ASSERT:-}" --assert
if [ "${ALLOW_PARTIAL:-}" = true ]; then args+=(--allow-partial); fi
if [ "${STRICT:-}" = true ]; then args+=(--strict); fi
if [ -n "${REPORT:-}" ]; then args+=(--report "$REPORT"); fi
if [ -n "${JUNIT:-}" ]; then args+=(--junit "$JUNIT"); fi
lines "${ARGS:-}" ""
args+=(--)
lines "$TRACES" ""

"${TRACE2OTEL:-$RUNNER_TEMP/trace2otel/trace2otel}" convert "${args[@]}"
code=$?
if [ -n "${GITHUB_OUTPUT:-}" ]; then
	echo "exit-code=$code" >>"$GITHUB_OUTPUT"
fi
# What is lost is said in annotations; it fails the step if that is wanted.
if [ "$code" = 3 ]; then code=0; fi
exit "$code"
