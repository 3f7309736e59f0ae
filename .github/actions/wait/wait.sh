#!/usr/bin/env bash
# Runs `sluice wait`, tells the outcome in GITHUB_OUTPUT and GITHUB_STEP_SUMMARY, and keeps one comment of a pull request up to date.
# Needs: bash, jq, curl, sluice and a kubeconfig.
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags=(--namespace "$SLUICE_NAMESPACE" --timeout "$SLUICE_TIMEOUT" --output json)
if [ "$SLUICE_THROUGH_PAUSES" = true ]; then flags+=(--through-pauses); fi

code=0
sluice wait "$SLUICE_TARGET" "${flags[@]}" >"$work/lines" 2> >(tee "$work/errors" >&2) || code=$?
jq -r 'select(.type == "progress") | "\(.time) \(.phase) \(.reason): \(.message)"' "$work/lines" 2>/dev/null

# The last object says how it ended; without one the command was used wrongly, or was ended.
jq -s '[.[] | select(.type == "outcome")] | last // empty' "$work/lines" >"$work/outcome" 2>/dev/null
field() { jq -r --arg name "$1" '.[$name] // "" | tostring | gsub("[\r\n]+"; " ")' "$work/outcome"; }
outcome=$(field outcome)
reason=$(field reason)
message=$(field message)
if [ -z "$outcome" ]; then
  outcome=usage
  message=$(tr '\r\n' '  ' <"$work/errors" | cut -c1-500)
fi

{
  echo "outcome=$outcome"
  echo "exit-code=$code"
  echo "reason=$reason"
  echo "message=$message"
} >>"$GITHUB_OUTPUT"

case $outcome in
  promoted) sign=✅ ;;
  superseded | needsHuman) sign=⚠️ ;;
  *) sign=❌ ;;
esac
# Sentences quote names and queries of others: shown as code, they are neither markup nor mentions.
fenced() { printf '````text\n%s\n````\n' "$(sed 's/`\{4,\}/```/g')"; }
marker="<!-- sluice wait $SLUICE_NAMESPACE/$SLUICE_TARGET -->"
{
  echo "$marker"
  echo "### $sign \`$SLUICE_TARGET\` in \`$SLUICE_NAMESPACE\`: $outcome"
  echo
  printf '%s\n' "${reason:+$reason: }$message" | fenced
  if [ "$outcome" != usage ] && sluice explain "$SLUICE_TARGET" --namespace "$SLUICE_NAMESPACE" >"$work/story" 2>/dev/null; then
    echo '<details><summary>The story</summary>'
    echo
    head -c 50000 "$work/story" | fenced
    echo
    echo '</details>'
  fi
} >"$work/summary"
cat "$work/summary" >>"$GITHUB_STEP_SUMMARY"

api() { curl --silent --show-error --fail --max-time 30 --header "Authorization: Bearer $SLUICE_TOKEN" --header 'Accept: application/vnd.github+json' "$@"; }

# Prints the id of the comment that is there already: the one with the marker at its beginning, by whoever owns the token.
find_comment() {
  local page found
  for page in 1 2 3 4 5 6 7 8 9 10; do
    api "$comments?per_page=100&page=$page" >"$work/page" || return 1
    found=$(jq -r --arg marker "$marker" '[.[] | select(.body | startswith($marker))] | first | .id // empty' "$work/page") || return 1
    if [ -n "$found" ]; then
      echo "$found"
      return 0
    fi
    if [ "$(jq length "$work/page")" -lt 100 ]; then return 0; fi
  done
}

comment() {
  local id issues="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues"
  local comments="$issues/$SLUICE_COMMENT/comments"
  id=$(find_comment) || return 1
  jq --null-input --rawfile body "$work/summary" '{ body: $body }' >"$work/body" || return 1
  if [ -n "$id" ]; then api --request PATCH --data "@$work/body" "$issues/comments/$id" >"$work/answer"
  else api --request POST --data "@$work/body" "$comments" >"$work/answer"; fi
}

# A verdict counts even where it cannot be shown.
if [ -n "$SLUICE_COMMENT" ] && ! comment; then
  echo '::warning::the comment could not be written; does the job have the permission pull-requests: write?'
fi

case " $SLUICE_FAIL_ON " in
  *" $outcome "*) if [ "$code" -eq 0 ]; then exit 1; else exit "$code"; fi ;;
esac
exit 0
