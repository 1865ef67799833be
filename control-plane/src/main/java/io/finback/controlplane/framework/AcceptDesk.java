package io.finback.controlplane.framework;

import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Accepts: from the call to the claim at the allocator, and from its answer to the launch. What is wrong with one task ends that task;
 * what is wrong with the call as a whole refuses it, and nothing is done.
 */
final class AcceptDesk {
    /** Offers and operations of one accept; Mesos has no limit, and no framework has more. */
    private static final int MOST_PARTS = 1000;

    private final Turn turn;
    private final OfferDesk offers;
    /** Tasks that an earlier incarnation may have launched. */
    private final Set<TaskId> maybeLaunched = new LinkedHashSet<>();

    AcceptDesk(Turn turn, OfferDesk offers) {
        this.turn = turn;
        this.offers = offers;
    }

    /** What one accept comes to, operation after operation. */
    private final class Draft {
        private final SchedulerCall.Accept call;
        private final TaskRules.Ground ground;
        private final List<TaskInfo> fresh = new ArrayList<>();
        private final List<FrameworkEvent.Step> steps = new ArrayList<>();
        private final Map<TaskId, String> invalid = new LinkedHashMap<>();
        private final Set<TaskId> seen = new HashSet<>();
        private String reason = "TASK_INVALID";

        private Draft(SchedulerCall.Accept call, TaskRules.Ground ground) {
            this.call = call;
            this.ground = ground;
        }

        private void add(SchedulerCall.Operation operation) {
            if (operation instanceof SchedulerCall.Operation.Launch launch) {
                launch(launch);
            } else if (operation instanceof SchedulerCall.Operation.LaunchGroup group) {
                refuse(group);
            } else if (operation instanceof SchedulerCall.Operation.Change change) {
                change(change);
            } else if (operation instanceof SchedulerCall.Operation.Unsupported unsupported) {
                String message = unsupported.type() + ": not supported (expected: LAUNCH, RESERVE, UNRESERVE, CREATE or"
                        + " DESTROY)";
                unsupported.id().ifPresent(id -> failed(id, message));
            }
        }

        private void launch(SchedulerCall.Operation.Launch launch) {
            List<TaskId> wanted = new ArrayList<>();
            for (TaskInfo described : launch.tasks()) {
                TaskInfo task = described.withRole(ground.role().orElse(described.role()));
                if (isTaken(task)) {
                    continue;
                }
                fresh.add(task);
                Optional<String> problem = TaskRules.check(task, ground);
                problem.ifPresentOrElse(message -> invalid.put(task.id(), message), () -> wanted.add(task.id()));
            }
            launch.rejected().forEach(this::reject);
            if (!wanted.isEmpty()) {
                steps.add(FrameworkEvent.Step.launch(wanted));
            }
        }

        private void refuse(SchedulerCall.Operation.LaunchGroup group) {
            reason = "TASK_GROUP_INVALID";
            String message = "task group: not supported (expected: LAUNCH; there is no executor for groups yet)";
            for (TaskInfo task : group.group()) {
                if (!isTaken(task)) {
                    fresh.add(task);
                    invalid.put(task.id(), message);
                }
            }
            group.rejected().forEach(this::reject);
        }

        /** True: the id names another task, or this one again. A repeated call changes nothing; another use of the id is an error. */
        private boolean isTaken(TaskInfo task) {
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
                        "task_id: '" + task.id() + "' (expected: one not used yet; it is " + where + ")");
            }
            return true;
        }

        private void reject(SchedulerCall.Operation.Rejected rejected) {
            Optional<TaskInfo> named = named(rejected);
            if (named.isEmpty()) {
                told(rejected.task(), rejected.agent(), rejected.message());
            } else if (!isTaken(named.get())) {
                fresh.add(named.get());
                invalid.put(named.get().id(), rejected.message());
            }
        }

        private void told(String task, AgentId agent, String message) {
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

        private void failed(String id, String message) {
            ended(id, ground.agent(), SchedulerEvent.OperationState.ERROR, message);
        }
    }

    void accept(SchedulerCall.Accept call) {
        Optional<String> tooMuch = tooMuch(call);
        if (tooMuch.isPresent()) {
            turn.answer(call.caller(), new CallAnswer.Refused(CallAnswer.Why.INVALID, tooMuch.get()));
            return;
        }
        turn.done(call.caller());
        List<Offer> used = offers.use(call.offers());
        Draft draft = new Draft(call, ground(call, used));
        call.operations().forEach(draft::add);
        boolean claims = !draft.steps.isEmpty()
                && !call.offers().isEmpty()
                && draft.ground.agent().isPresent();
        if (!draft.steps.isEmpty() || !draft.fresh.isEmpty()) {
            long number = turn.round()
                    .accept(new FrameworkEvent.TasksAccepted(
                            call.offers(),
                            call.refuse(),
                            draft.fresh,
                            turn.now(),
                            draft.ground.agent(),
                            claims ? draft.steps : List.of()));
            if (claims) {
                claim(new PendingClaim(number, draft.ground.agent().get(), call.offers(), call.refuse(), draft.steps));
            } else {
                nothingToClaim(draft);
            }
            draft.invalid.forEach((task, message) -> turn.round()
                    .task(task)
                    .ifPresent(record -> turn.say(record, TaskState.ERROR, draft.reason, message)));
        }
        if (!claims && !call.offers().isEmpty()) {
            turn.out().tellAllocator(new AllocatorMessage.Decline(turn.id(), call.offers(), call.refuse()));
        }
    }

    private Optional<String> tooMuch(SchedulerCall.Accept call) {
        int tasks = 0;
        for (SchedulerCall.Operation operation : call.operations()) {
            tasks += operation.size();
        }
        if (tasks > turn.settings().maxTasksPerAccept()) {
            return Optional.of("accept: " + tasks + " tasks (expected: at most "
                    + turn.settings().maxTasksPerAccept() + ")");
        }
        if (call.offers().size() > MOST_PARTS || call.operations().size() > MOST_PARTS) {
            return Optional.of("accept: " + call.offers().size() + " offers, "
                    + call.operations().size() + " operations (expected: at most " + MOST_PARTS + " of each)");
        }
        int all = turn.round().taskCount() + tasks;
        if (tasks > 0 && all > turn.settings().maxTasks()) {
            return Optional.of("accept: " + all + " tasks of this framework (expected: at most "
                    + turn.settings().maxTasks() + ")");
        }
        return turn.round().operationCount() + call.operations().size()
                        > turn.settings().maxTasks()
                ? Optional.of("accept: too many operations not acknowledged (expected: at most "
                        + turn.settings().maxTasks() + ")")
                : Optional.empty();
    }

    private TaskRules.Ground ground(SchedulerCall.Accept call, List<Offer> used) {
        Optional<Offer> one = used.stream().findFirst();
        Optional<FrameworkInfo> info = turn.round().subscription().map(FrameworkEvent.Subscribed::info);
        Optional<String> onlyRole = info.filter(known -> known.roles().size() == 1)
                .map(known -> known.roles().get(0));
        return new TaskRules.Ground(
                turn.id(),
                one.map(Offer::agent)
                        .or(() -> call.launches().stream().findFirst().map(TaskInfo::agent)),
                one.map(Offer::role).or(() -> onlyRole),
                info.map(FrameworkInfo::capabilities).orElse(Set.of()));
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

    /** Launches on nothing. */
    private void nothingToClaim(Draft draft) {
        draft.steps.stream().flatMap(step -> step.tasks().stream()).forEach(task -> turn.round()
                .task(task)
                .ifPresent(record -> turn.say(
                        record, TaskState.DROPPED, "INVALID_OFFERS", "offers: none (expected: at least one)")));
        draft.steps.stream()
                .flatMap(step -> step.operation().stream())
                .forEach(id -> draft.failed(id, "offers: none (expected: at least one that stands)"));
    }

    // -- the claim --

    /** Asks until it is answered. Those of its tasks that have ended meanwhile need nothing any more. */
    void claim(PendingClaim claim) {
        turn.claims().open(claim, turn.now());
        send(claim);
    }

    void repeat() {
        turn.claims().due(turn.now()).forEach(this::send);
    }

    /** Takes up a claim of an earlier incarnation, which may have been answered then. */
    void recovered(PendingClaim claim) {
        List<TaskId> open = claim.tasks()
                .filter(task ->
                        turn.round().task(task).filter(TaskRecord::isUnreported).isPresent())
                .toList();
        if (open.isEmpty() && claim.changes().findAny().isEmpty()) {
            turn.claims().settled(claim.number());
            return;
        }
        maybeLaunched.addAll(open);
        claim(claim);
    }

    private void send(PendingClaim claim) {
        List<AllocatorMessage.ClaimStep> steps = claim.steps().stream()
                .map(step -> new AllocatorMessage.ClaimStep(wishes(step), step.change()))
                .toList();
        Optional<FrameworkInfo> info = turn.round().subscription().map(FrameworkEvent.Subscribed::info);
        AllocatorMessage.Claimant claimant = new AllocatorMessage.Claimant(
                info.map(known -> Set.copyOf(known.roles())).orElse(Set.of()),
                info.map(FrameworkInfo::principal).filter(principal -> !principal.isEmpty()),
                turn.has(Capability.SHARED_RESOURCES));
        turn.out()
                .tellAllocator(new AllocatorMessage.Claim(
                        turn.id(),
                        claim.number(),
                        claim.agent(),
                        claim.offers(),
                        steps,
                        claim.refuse(),
                        claimant,
                        turn.out().allocatorReplies()));
    }

    private List<AllocatorMessage.ClaimedTask> wishes(FrameworkEvent.Step step) {
        return step.tasks().stream()
                .flatMap(task -> turn.round().task(task).filter(record -> !record.isTerminal()).stream())
                .map(record -> new AllocatorMessage.ClaimedTask(
                        record.info().id(), record.info().resources()))
                .toList();
    }

    void answered(AllocationEvent.ClaimAnswered event) {
        turn.claims().answered(event.claim()).ifPresent(claim -> {
            event.granted().forEach(this::granted);
            event.refused().forEach(this::refused);
            Map<String, String> failed = new LinkedHashMap<>();
            event.failed().forEach(refusal -> failed.put(refusal.operation(), refusal.message()));
            claim.changes()
                    .forEach(step -> step.operation().filter(this::isPending).ifPresent(name -> {
                        String id = step.change().map(ResourceOperation::id).orElse("");
                        boolean done = event.applied().contains(id);
                        ended(
                                name,
                                Optional.of(claim.agent()),
                                done ? SchedulerEvent.OperationState.FINISHED : SchedulerEvent.OperationState.ERROR,
                                done ? "" : failed.getOrDefault(id, "not done"));
                    }));
        });
    }

    private boolean isPending(String operation) {
        return turn.round()
                .operation(operation)
                .filter(known -> known.state() == SchedulerEvent.OperationState.PENDING)
                .isPresent();
    }

    private void granted(TaskId task) {
        boolean neverLaunched = !maybeLaunched.remove(task);
        Optional<TaskRecord> live = turn.round().task(task).filter(record -> !record.isTerminal());
        if (live.isEmpty()) {
            turn.out().release(task, turn.now());
            return;
        }
        TaskRecord record = live.get();
        if (turn.round().isRemoved() && neverLaunched) {
            turn.say(record, TaskState.KILLED, "FRAMEWORK_REMOVED", "Framework has been removed");
        } else if (record.killWanted() && neverLaunched) {
            turn.say(record, TaskState.KILLED, "TASK_KILLED_DURING_LAUNCH", "killed before it was launched");
        } else if (record.isUnreported()) {
            turn.out().launch(record.info(), turn.now());
            if (record.killWanted() || turn.round().isRemoved()) {
                turn.out().kill(record.info(), record.killGrace(), turn.now());
            }
        }
    }

    private void refused(AllocationEvent.RefusedTask refused) {
        maybeLaunched.remove(refused.task());
        turn.round().task(refused.task()).filter(record -> !record.isTerminal()).ifPresent(record -> {
            boolean invalid = refused.why() == AllocationEvent.Refusal.INVALID;
            turn.say(
                    record,
                    invalid ? TaskState.ERROR : TaskState.DROPPED,
                    invalid ? "TASK_INVALID" : refused.why().name(),
                    refused.message());
        });
    }

    private void ended(String operation, Optional<AgentId> agent, SchedulerEvent.OperationState state, String message) {
        turn.operation(new OperationRecord(
                operation,
                agent,
                state,
                Optional.of(message).filter(text -> !text.isEmpty()),
                Optional.of(UUID.randomUUID().toString()),
                turn.now(),
                turn.round().operation(operation).flatMap(OperationRecord::change)));
    }
}
