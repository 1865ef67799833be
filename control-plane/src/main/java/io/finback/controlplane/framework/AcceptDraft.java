package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What one accept comes to, operation after operation: what is new, what of it is wrong, and what the allocator is asked. */
final class AcceptDraft {
    static final String TASK_INVALID = "TASK_INVALID";
    static final String GROUP_INVALID = "TASK_GROUP_INVALID";
    private static final String TASK_UNAUTHORIZED = "TASK_UNAUTHORIZED";
    private static final String GROUP_UNAUTHORIZED = "TASK_GROUP_UNAUTHORIZED";

    /** Why a task ends before it began. */
    record Wrong(String reason, String message) {}

    private final Turn turn;
    private final SchedulerCall.Accept call;
    private final TaskRules.Ground ground;
    private final ExecutorSeats seats;
    private final AcceptRights rights;
    private final List<TaskInfo> fresh = new ArrayList<>();
    private final List<FrameworkEvent.Step> steps = new ArrayList<>();
    private final Map<TaskId, Wrong> invalid = new LinkedHashMap<>();
    private final Map<String, String> refused = new LinkedHashMap<>();
    private final Set<TaskId> seen = new HashSet<>();

    AcceptDraft(Turn turn, SchedulerCall.Accept call, TaskRules.Ground ground) {
        this.turn = turn;
        this.call = call;
        this.ground = ground;
        this.seats = new ExecutorSeats(turn);
        this.rights = turn.rights();
    }

    TaskRules.Ground ground() {
        return ground;
    }

    /** Every task that was not known before, right or wrong, and every run of an executor that starts for them. */
    List<TaskInfo> fresh() {
        return fresh;
    }

    List<FrameworkEvent.Step> steps() {
        return steps;
    }

    Map<TaskId, Wrong> invalid() {
        return invalid;
    }

    /** Names of operations that no agent can do or this framework may not want, and why. */
    Map<String, String> refused() {
        return refused;
    }

    void add(SchedulerCall.Operation operation) {
        if (operation instanceof SchedulerCall.Operation.Launch launch) {
            launch(launch);
        } else if (operation instanceof SchedulerCall.Operation.LaunchGroup group) {
            launch(group);
        } else if (operation instanceof SchedulerCall.Operation.Change change) {
            change(change);
        } else if (operation instanceof SchedulerCall.Operation.Unsupported wanted) {
            String message = wanted.type()
                    + ": not supported (expected: LAUNCH, LAUNCH_GROUP, RESERVE, UNRESERVE, CREATE or DESTROY)";
            wanted.id().ifPresent(id -> refused.put(id, message));
        }
    }

    private void launch(SchedulerCall.Operation.Launch launch) {
        List<TaskId> wanted = new ArrayList<>();
        for (TaskInfo described : launch.tasks()) {
            TaskInfo task = rights.described(described.withRole(ground.role().orElse(described.role())));
            if (isTaken(task, TASK_INVALID)) {
                continue;
            }
            Optional<Wrong> wrong = rights.forbiddenUser(task)
                    .map(user -> new Wrong(TASK_UNAUTHORIZED, "Not authorized to launch as user '" + user + "'"))
                    .or(() -> TaskRules.check(task, ground)
                            .or(() -> seats.objection(task))
                            .map(problem -> new Wrong(TASK_INVALID, problem)));
            if (wrong.isPresent()) {
                fresh.add(task);
                invalid.put(task.id(), wrong.get());
            } else {
                seat(task, wanted);
            }
        }
        launch.rejected().forEach(rejected -> reject(rejected, TASK_INVALID));
        claim(wanted);
    }

    /** All or none: whatever is wrong with one is wrong with each of them. */
    private void launch(SchedulerCall.Operation.LaunchGroup launch) {
        List<TaskInfo> members = new ArrayList<>();
        for (TaskInfo described : launch.group()) {
            TaskInfo task = rights.described(described.withRole(ground.role().orElse(described.role())));
            if (!isTaken(task, GROUP_INVALID)) {
                members.add(task);
            }
        }
        Optional<Wrong> wrong = unauthorized(members).or(() -> launch.rejected().stream()
                .findFirst()
                .map(rejected -> "task " + rejected.task() + " of the group: " + rejected.message())
                .or(() -> members.size() < launch.group().size()
                        ? Optional.of("task group: a task id that is taken (expected: all new)")
                        : Optional.empty())
                .or(() -> problem(members))
                .map(problem -> new Wrong(GROUP_INVALID, problem)));
        if (wrong.isPresent()) {
            members.forEach(task -> {
                fresh.add(task);
                invalid.put(task.id(), wrong.get());
            });
        } else {
            List<TaskId> wanted = new ArrayList<>();
            members.forEach(task -> seat(task, wanted));
            claim(wanted);
        }
        String reason = wrong.map(Wrong::reason).orElse(GROUP_INVALID);
        launch.rejected().forEach(rejected -> reject(rejected, reason));
    }

    private Optional<Wrong> unauthorized(List<TaskInfo> members) {
        for (TaskInfo task : members) {
            Optional<String> user = rights.forbiddenUser(task);
            if (user.isPresent()) {
                return Optional.of(new Wrong(
                        GROUP_UNAUTHORIZED,
                        "Task '" + task.id() + "' is not authorized to launch as user '" + user.get() + "'"));
            }
        }
        return Optional.empty();
    }

    private Optional<String> problem(List<TaskInfo> members) {
        for (TaskInfo task : members) {
            Optional<String> problem = TaskRules.check(task, ground)
                    .or(() -> seats.objection(task))
                    .map(text -> members.size() == 1 ? text : "task " + task.id() + " of the group: " + text);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private void seat(TaskInfo task, List<TaskId> wanted) {
        for (TaskInfo seated : seats.seat(task)) {
            fresh.add(rights.asAsked(seated));
            wanted.add(seated.id());
        }
    }

    private void claim(List<TaskId> wanted) {
        if (!wanted.isEmpty()) {
            steps.add(FrameworkEvent.Step.launch(wanted));
        }
    }

    /** True: the id names another task, or this one again. A repeated call changes nothing; another use of the id is an error. */
    private boolean isTaken(TaskInfo task, String reason) {
        Optional<TaskRecord> known =
                turn.round().task(task.id()).or(() -> turn.round().ended(task.id()));
        if (known.isEmpty() && seen.add(task.id())) {
            return false;
        }
        boolean repeated = turn.claims()
                .of(task.id())
                .filter(claim -> claim.offers().equals(call.offers()))
                .isPresent();
        if (!repeated && call.caller().streamId().isPresent()) {
            String where =
                    known.map(record -> record.latest().state().wireName()).orElse("in this call already");
            told(
                    task.id().value(),
                    task.agent(),
                    reason,
                    "task_id: '" + task.id() + "' (expected: one not used yet; it is " + where + ")");
        }
        return true;
    }

    private void reject(SchedulerCall.Operation.Rejected rejected, String reason) {
        Optional<TaskInfo> named = named(rejected);
        if (named.isEmpty()) {
            told(rejected.task(), rejected.agent(), reason, rejected.message());
        } else if (!isTaken(named.get(), reason)) {
            fresh.add(named.get());
            invalid.put(named.get().id(), new Wrong(reason, rejected.message()));
        }
    }

    /** A task whose id at least makes sense, so that its end can be told like any other. */
    private Optional<TaskInfo> named(SchedulerCall.Operation.Rejected rejected) {
        try {
            return Optional.of(new TaskInfo(
                    TaskId.of(rejected.task()),
                    rejected.task(),
                    turn.id(),
                    rejected.agent(),
                    Resources.EMPTY,
                    CommandInfo.shell("", Map.of()),
                    Optional.empty(),
                    Map.of()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void told(String task, AgentId agent, String reason, String message) {
        turn.courier().tell(new SchedulerEvent.TaskRejected(task, agent, reason, message));
    }

    private void change(SchedulerCall.Operation.Change change) {
        Optional<String> taken =
                change.id().filter(id -> turn.round().operation(id).isPresent());
        if (taken.isPresent()) {
            turn.courier()
                    .tell(new SchedulerEvent.OperationUpdate(
                            taken.get(),
                            SchedulerEvent.OperationState.ERROR,
                            Optional.of("operation.id: '" + taken.get() + "' (expected: one not in use)"),
                            Optional.empty(),
                            ground.agent()));
            return;
        }
        ResourceOperation wanted = change.change();
        Optional<String> objection = rights.objection(wanted);
        if (objection.isPresent()) {
            change.id().ifPresent(id -> refused.put(id, objection.get()));
            return;
        }
        String id = turn.round().nextClaim() + "-" + steps.size();
        ResourceOperation named = new ResourceOperation(id, wanted.type(), wanted.resources());
        steps.add(new FrameworkEvent.Step(List.of(), Optional.of(named), change.id()));
        change.id().ifPresent(name -> turn.round()
                .operation(new OperationRecord(
                        name,
                        ground.agent(),
                        SchedulerEvent.OperationState.PENDING,
                        Optional.empty(),
                        Optional.empty(),
                        turn.now(),
                        Optional.of(named))));
    }
}
