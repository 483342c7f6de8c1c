#!/bin/sh
# run-litmus.sh [--counts] [--first] BINARY_DIR: runs every litmus test of this folder and compares it with its head.
#   BINARY_DIR  holds the tests built for the explorer, each named like its file without .c
#   --counts    BINARY_DIR holds builds with -DNDEBUG: nothing fails, so that every test without a race is explored to
#               its end and its number of executions compared, where the head states one
#   --first     stops at the first test that fails
#   LITMUS_FLAGS in the environment: further arguments for every test
# A run that stops at its first bug has seen at most the stated number of executions, a complete one exactly that many.
set -u
here=$(cd "$(dirname "$0")" && pwd)
counts=false
first=false
[ "${1-}" = --counts ] && counts=true && shift
[ "${1-}" = --first ] && first=true && shift
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
binaries=$1
passed=0 failed=0

head_field() { sed -n -e '/^ \*\//q' -e "s/^\(\/\*\| \*\) $2: //p" "$1"; }

# From the last line of output: verdict, complete, executions and then the whole bug string, as four lines.
read_json() {
    awk '
        function value(key,  v) {
            if (!match(json, "\"" key "\"[ \t]*:[ \t]*(\"([^\"\\\\]|\\\\.)*\"|[^ \t,}]+)")) return "none"
            v = substr(json, RSTART, RLENGTH)
            sub(/^"[a-z]+"[ \t]*:[ \t]*/, "", v)
            gsub(/^"|"$/, "", v)
            return v
        }
        NF { json = $0 }
        END { print value("verdict"); print value("complete"); print value("executions"); print value("bug") }'
}

complain() { problem="${problem:+$problem; }$1"; }

for source in "$here"/*.c; do
    test=$(basename "$source" .c)
    name=$(head_field "$source" name)
    wanted=$(head_field "$source" verdict)
    number=$(head_field "$source" executions)
    if $counts; then
        [ "$wanted" = race ] && continue
        wanted=forbidden
    fi
    problem=
    if [ ! -x "$binaries/$test" ]; then
        complain 'not built'
    else
        # shellcheck disable=SC2086
        result=$("$binaries/$test" ${LITMUS_FLAGS-} --quiet --json 2>/dev/null | read_json)
        { read -r verdict; read -r complete; read -r executions; read -r bug; } <<EOF
$result
EOF
        case $wanted in
        forbidden)
            [ "$verdict" = clean ] || complain "verdict $verdict ($bug), not clean"
            [ "$complete" = true ] || complain 'not complete' ;;
        allowed | race)
            word=assert
            [ "$wanted" = race ] && word=race
            [ "$verdict" = bug ] || complain "verdict $verdict, not bug"
            echo "$bug" | grep -qi "$word" || complain "bug '$bug' is no $word" ;;
        *) complain "head says verdict '$wanted'" ;;
        esac
        case $executions in
        '' | *[!0-9]*) complain "executions '$executions' is no number" ;;
        *)
            if [ -n "$number" ]; then
                if [ "$complete" = true ]; then
                    [ "$executions" -eq "$number" ] || complain "$executions executions, not $number"
                elif [ "$executions" -gt "$number" ]; then
                    complain "$executions executions, more than $number"
                fi
            fi ;;
        esac
    fi
    if [ -z "$problem" ]; then
        passed=$((passed + 1))
        echo "ok    $name ($wanted, $executions executions)"
    else
        failed=$((failed + 1))
        echo "FAIL  $name: $problem"
        ! $first || exit 1
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
