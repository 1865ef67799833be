package io.finback.controlplane.framework;

import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
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

    void accept(SchedulerCall.Accept call) {
        Optional<String> tooMuch = tooMuch(call);
        if (tooMuch.isPresent()) {
            turn.answer(call.caller(), new CallAnswer.Refused(CallAnswer.Why.INVALID, tooMuch.get()));
            return;
        }
        turn.done(call.caller());
        List<Offer> used = offers.use(call.offers());
        turn.traces()
                .accepted(
                        call.offers(),
                        call.launches().stream().map(TaskInfo::id).toList(),
                        turn.now());
        AcceptDraft draft = new AcceptDraft(turn, call, ground(call, used));
        call.operations().forEach(draft::add);
        draft.refused().forEach((id, message) -> failed(draft, id, message));
        boolean claims = !draft.steps().isEmpty()
                && !call.offers().isEmpty()
                && draft.ground().agent().isPresent();
        if (!draft.steps().isEmpty() || !draft.fresh().isEmpty()) {
            long number = turn.round()
                    .accept(new FrameworkEvent.TasksAccepted(
                            call.offers(),
                            call.refuse(),
                            draft.fresh(),
                            turn.now(),
                            draft.ground().agent(),
                            claims ? draft.steps() : List.of()));
            if (claims) {
                claim(new PendingClaim(
                        number, draft.ground().agent().get(), call.offers(), call.refuse(), draft.steps()));
            } else {
                nothingToClaim(draft);
            }
            draft.invalid().forEach((task, wrong) -> turn.round()
                    .task(task)
                    .ifPresent(record -> turn.say(record, TaskState.ERROR, wrong.reason(), wrong.message())));
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

    /** Launches on nothing. */
    private void nothingToClaim(AcceptDraft draft) {
        draft.steps().stream().flatMap(step -> step.tasks().stream()).forEach(task -> turn.round()
                .task(task)
                .ifPresent(record -> turn.say(
                        record, TaskState.DROPPED, "INVALID_OFFERS", "offers: none (expected: at least one)")));
        draft.steps().stream()
                .flatMap(step -> step.operation().stream())
                .forEach(id -> failed(draft, id, "offers: none (expected: at least one that stands)"));
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
            event.refused().forEach(this::refused);
            event.refused().forEach(refused -> withItsOwn(claim, refused));
            event.granted().stream().filter(task -> !ExecutorRuns.isRun(task)).forEach(this::granted);
            event.granted().stream().filter(ExecutorRuns::isRun).forEach(run -> executorGranted(claim, run));
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
        turn.traces().granted(task, turn.now());
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

    /** An executor starts for its tasks; without any it never does. */
    private void executorGranted(PendingClaim claim, TaskId run) {
        boolean wanted = claim.tasks()
                .flatMap(task -> turn.round().task(task).stream())
                .anyMatch(record -> !record.isTerminal()
                        && record.info().options().executorRun().equals(Optional.of(run)));
        Optional<TaskRecord> fresh = turn.round().task(run).filter(TaskRecord::isUnreported);
        if (fresh.isPresent() && !wanted && !maybeLaunched.contains(run)) {
            turn.say(fresh.get(), TaskState.KILLED, "TASK_KILLED_DURING_LAUNCH", "none of its tasks was launched");
        } else {
            granted(run);
        }
    }

    /** What is refused takes along what cannot be without it: an executor its tasks, a task of a group the whole group. */
    private void withItsOwn(PendingClaim claim, AllocationEvent.RefusedTask refused) {
        TaskId cause = refused.task();
        Optional<String> group = turn.round()
                .task(cause)
                .or(() -> turn.round().ended(cause))
                .flatMap(record -> record.info().options().group())
                .map(TaskGroup::id);
        claim.tasks()
                .flatMap(task -> turn.round().task(task).stream())
                .filter(record -> !record.isTerminal())
                .filter(record -> record.info().options().executorRun().equals(Optional.of(cause))
                        || (group.isPresent()
                                && record.info()
                                        .options()
                                        .group()
                                        .map(TaskGroup::id)
                                        .equals(group)))
                .toList()
                .forEach(record -> {
                    boolean invalid = refused.why() == AllocationEvent.Refusal.INVALID;
                    boolean grouped = record.info().options().group().isPresent();
                    turn.say(
                            record,
                            invalid ? TaskState.ERROR : TaskState.DROPPED,
                            invalid
                                    ? grouped ? AcceptDraft.GROUP_INVALID : AcceptDraft.TASK_INVALID
                                    : refused.why().name(),
                            (ExecutorRuns.isRun(cause) ? "its executor: " : "task " + cause + " of its group: ")
                                    + refused.message());
                });
    }

    private void refused(AllocationEvent.RefusedTask refused) {
        maybeLaunched.remove(refused.task());
        turn.round().task(refused.task()).filter(record -> !record.isTerminal()).ifPresent(record -> {
            boolean invalid = refused.why() == AllocationEvent.Refusal.INVALID;
            turn.say(
                    record,
                    invalid ? TaskState.ERROR : TaskState.DROPPED,
                    invalid
                            ? record.info().options().group().isPresent()
                                    ? AcceptDraft.GROUP_INVALID
                                    : AcceptDraft.TASK_INVALID
                            : refused.why().name(),
                    refused.message());
        });
    }

    private void failed(AcceptDraft draft, String operation, String message) {
        ended(operation, draft.ground().agent(), SchedulerEvent.OperationState.ERROR, message);
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
