#!/usr/bin/env bash
# The README's session, typed by a script against a real `./finback dev`: posts apps, calls them through the mesh, kills the whole
# cluster with SIGKILL, starts it again, ends it with Ctrl-C. Prints one line per step; the last is "N passed, 0 failed".
# OFFSET=K shifts every port, so that it can run beside another cluster.
set -uo pipefail
set -m # background jobs get their own process group, and SIGINT reaches them
cd "$(dirname "$0")/.." || exit 1

OFFSET=${OFFSET:-0}
SERVICES=http://localhost:$((8080 + OFFSET))
CLUSTER=http://localhost:$((5050 + OFFSET))
MESH=http://localhost:$((4140 + OFFSET))
ADMIN=http://localhost:$((9990 + OFFSET))
MANAGEMENT=http://localhost:$((8558 + OFFSET))
work=$(mktemp -d)
data=$work/dev
passed=0
dev=

finish() {
  code=$?
  [ -n "$dev" ] && kill -9 "$dev" 2>/dev/null
  # Whatever still has its sandbox below the data directory: tasks and their holders.
  for process in /proc/[0-9]*; do
    if { tr '\0' '\n' <"$process/environ"; } 2>/dev/null | grep -q "^MESOS_SANDBOX=$work/"; then
      kill -9 "${process#/proc/}" 2>/dev/null
    fi
  done
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

ok() { passed=$((passed + 1)); echo "ok   $*"; }
fail() {
  echo "FAIL $*"
  tail -n 30 "$work"/*.out 2>/dev/null
  find "$data" -name '*.log' -path '*logs*' -exec tail -n 60 {} + 2>/dev/null
  echo "$passed passed, 1 failed"
  exit 1
}
# until_true SECONDS WHAT COMMAND…: looks five times a second.
until_true() {
  local limit=$1 what=$2 end
  shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -ge $end ] && fail "$what (waited $limit s)"
    sleep 0.2
  done
  ok "$what"
}
json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }

start_dev() { # NAME ARGS…
  local out=$work/$1.out
  shift
  ./finback dev --data "$data" --port-offset "$OFFSET" "$@" >"$out" 2>&1 &
  dev=$!
  until_true 240 "dev says Ready" grep -q '^Ready' "$out"
  grep '^Ready' "$out"
}
tasks() { curl -fsS "$SERVICES/v2/apps/$1/tasks" | json "' '.join(sorted(t['id'] for t in d['tasks'] if t['state']=='TASK_RUNNING'))"; }
running() { [ "$(tasks "$1" | wc -w)" = "$2" ]; }
answers() { curl -fsS -H "Host: $1" "$MESH/" | grep -q 'Directory listing'; }
# Every process whose working directory is a sandbox of ours and that runs the web server.
web_pids() {
  for cwd in /proc/[0-9]*/cwd; do
    case $(readlink "$cwd" 2>/dev/null) in
      "$data"/*)
        pid=${cwd#/proc/}
        pid=${pid%/cwd}
        # The task itself: its holder and the init of its namespace name the command, too.
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^[^ ]*python3 -m http.server' && echo "$pid"
        ;;
    esac
  done | sort -n | tr '\n' ' '
}
another_task() { local now; now=$(tasks hello2) && [ -n "$now" ] && [ "$now" != "$1" ]; }
served_by_three() { answers web && [ "$(find "$data" -name stderr -exec grep -l 'GET / ' {} + 2>/dev/null | wc -l)" -ge 3 ]; }

one_line_and_code_1() { [ "$code" = 1 ] && [ "$(wc -l <"$1")" = 1 ]; }

./finback --version >/dev/null || fail "--version"
./finback --help | grep -q dev || fail "--help names dev"
ok "--help and --version"

start_dev first
until_true 20 "health of the cluster API" curl -fsS "$CLUSTER/health"
[ "$(curl -fsS "$MANAGEMENT/cluster/members" | json "len([m for m in d['members'] if m['status']=='Up'])")" = 4 ] || fail "four members up"
ok "four members up"

echo '{"id":"hello2","cmd":"echo hello; sleep 10","mem":16,"cpus":0.1,"instances":1,"disk":0.0,"ports":[0]}' >"$work/hello.json"
curl -isS -X POST -H 'Content-Type: application/json' -d @"$work/hello.json" "$SERVICES/v2/apps" >"$work/posted"
grep -q '^HTTP/1.1 201' "$work/posted" || fail "201: $(cat "$work/posted")"
grep -qi '^Location: .*/v2/apps/hello2' "$work/posted" || fail "Location: $(cat "$work/posted")"
ok "hello2 is created: 201 and Location"
[ "$(curl -s -o /dev/null -w '%{http_code}' -d @"$work/hello.json" "$SERVICES/v2/apps")" = 409 ] || fail "a second create is refused with 409"
ok "a second create is refused with 409"
until_true 30 "hello2 runs" running hello2 1
first_task=$(tasks hello2)

# shellcheck disable=SC2016 # the task's shell expands PORT0, not ours
curl -fsS -d '{"id":"web","cmd":"exec python3 -m http.server $PORT0","cpus":0.1,"mem":32,"instances":3}' "$SERVICES/v2/apps" >/dev/null || fail "web is posted"
until_true 30 "web runs three times" running web 3
until_true 30 "the mesh answers for web" answers web
until_true 30 "calls are spread over all three" served_by_three
for _ in $(seq 50); do answers web || fail "one of 50 calls failed"; done
ok "50 calls in a row answered"
curl -fsS "$ADMIN/admin/ping" | grep -q pong || fail "admin ping"
ok "router admin answers"
unroutable() { [ "$(curl -s -o /dev/null -D "$work/unknown" -w '%{http_code}' -H 'Host: nobody' "$MESH/")" = 502 ] && grep -qi '^l5d-err' "$work/unknown"; }
unroutable || fail "an unknown service is a 502 with l5d-err"
ok "an unknown service is a 502 with l5d-err"
until_true 40 "hello2 ended and runs again as another task" another_task "$first_task"

code=0
./finback dev --data "$work/other" --port-offset "$OFFSET" >"$work/taken.out" 2>&1 || code=$?
one_line_and_code_1 "$work/taken.out" || fail "a taken port is one line and exit code 1 ($code): $(cat "$work/taken.out")"
ok "a taken port is one line: $(cat "$work/taken.out")"
code=0
./finback dev --data "$work/other" --set finback.agnet.x=1 >"$work/key.out" 2>&1 || code=$?
one_line_and_code_1 "$work/key.out" || fail "a wrong key is one line and exit code 1 ($code): $(cat "$work/key.out")"
ok "a wrong key is one line: $(cat "$work/key.out")"

before=$(tasks web)
pids=$(web_pids)
[ "$(echo "$pids" | wc -w)" = 3 ] || fail "three web processes: $pids"
kill -9 "$dev"
wait "$dev" 2>/dev/null
[ "$(web_pids)" = "$pids" ] || fail "tasks are not harmed by kill -9 of the cluster"
ok "kill -9 of the whole cluster harms no task"
start_dev second
until_true 30 "web still has three instances" running web 3
[ "$(tasks web)" = "$before" ] || fail "same task ids: $before, now $(tasks web)"
[ "$(web_pids)" = "$pids" ] || fail "same processes: $pids, now $(web_pids)"
ok "adopted: same task ids, same processes, nothing twice"
until_true 30 "the mesh answers for web again" answers web
[ "$(curl -fsS "$SERVICES/v2/apps/web/versions" | json "len(d['versions'])")" = 1 ] || fail "the versions are still there"
ok "the versions are still there"
until_true 40 "hello2 runs again, too" running hello2 1

kill -INT "$dev"
code=0
wait "$dev" || code=$?
dev=
[ "$code" = 0 ] || fail "Ctrl-C ends with code 0, not $code"
[ -z "$(web_pids)" ] || fail "Ctrl-C stops the tasks it started: $(web_pids)"
ok "Ctrl-C stops the tasks and ends with code 0"

start_dev third --fresh
[ "$(curl -fsS "$SERVICES/v2/apps" | json "len(d['apps'])")" = 0 ] || fail "--fresh forgets"
ok "--fresh forgets"
kill -INT "$dev"
wait "$dev"
dev=

echo "$passed passed, 0 failed"
