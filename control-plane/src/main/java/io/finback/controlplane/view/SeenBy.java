package io.finback.controlplane.view;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.security.Action;
import io.finback.security.Sight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A snapshot as one principal may see it. What a framework has is hidden with it; tasks and executors go by the accounts they run as; what is of a
 * role that may not be seen, and what is reserved for one, is left out too. Agents are seen by everybody: of them, what is not reserved is counted
 * whoever uses it. A page in which nothing is hidden is the very page of the whole snapshot, with whatever was made of it. Pure; O(tasks +
 * agents). Source: apache/mesos {@code src/master/readonly_handler.cpp}, which hides the same but for roles of tasks, offers and frameworks.
 */
public final class SeenBy {
    private static final Action[] VIEWS = {
        Action.VIEW_FRAMEWORK, Action.VIEW_TASK, Action.VIEW_EXECUTOR, Action.VIEW_ROLE
    };
    private static final Action[] ALL = {
        Action.VIEW_FRAMEWORK,
        Action.VIEW_TASK,
        Action.VIEW_EXECUTOR,
        Action.VIEW_ROLE,
        Action.VIEW_FLAGS,
        Action.GET_QUOTA,
        Action.GET_MAINTENANCE_SCHEDULE,
        Action.GET_MAINTENANCE_STATUS
    };

    private final Sight sight;
    private final boolean roles;
    private final Map<String, Boolean> knownRoles = new HashMap<>();

    /** Not thread-safe; one for each answer. */
    public SeenBy(Sight sight) {
        this.sight = sight;
        this.roles = !sight.isWhole(Action.VIEW_ROLE);
    }

    /** Nothing of a snapshot is hidden from it, nor the settings. */
    public static boolean isWhole(Sight sight) {
        return sight.isWhole(ALL);
    }

    /** Nothing of frameworks, tasks, executors and roles is. */
    public static boolean isWholeOfWork(Sight sight) {
        return sight.isWhole(VIEWS);
    }

    public boolean role(String role) {
        return !roles || knownRoles.computeIfAbsent(role, one -> sight.sees(Action.VIEW_ROLE, one));
    }

    public ClusterSnapshot snapshot(ClusterSnapshot whole) {
        Set<FrameworkId> seen = new HashSet<>();
        List<ClusterSnapshot.Framework> frameworks = new ArrayList<>();
        for (ClusterSnapshot.Framework framework : whole.frameworks()) {
            if (framework(framework)) {
                seen.add(framework.id());
                frameworks.add(shown(framework));
            }
        }
        Pages<AllocationDelta.Agent> agents = mapped(whole.agents(), agent -> shown(agent, seen::contains));
        return new ClusterSnapshot(
                whole.complete(), whole.sequence(), agents, frameworks, whole.ended(), shown(whole.pool(), seen));
    }

    /**
     * What is shown of an event; empty: nothing.
     *
     * @param known frameworks as they are now; what is of one that is not known is hidden
     */
    public Optional<ClusterEvent> event(
            ClusterEvent event, Function<FrameworkId, Optional<ClusterSnapshot.Framework>> known) {
        return event.match(new ClusterEvent.Cases<>(
                added -> task(added.task(), known).map(ClusterEvent.TaskAdded::new),
                updated -> task(updated.task(), known).map(ClusterEvent.TaskUpdated::new),
                added -> Optional.of(new ClusterEvent.AgentAdded(shown(
                        added.agent(),
                        id -> known.apply(id).filter(this::framework).isPresent()))),
                Optional::of,
                added -> shownIfSeen(added.framework()).map(ClusterEvent.FrameworkAdded::new),
                updated -> shownIfSeen(updated.framework()).map(ClusterEvent.FrameworkUpdated::new),
                removed -> shownIfSeen(removed.framework()).map(ClusterEvent.FrameworkRemoved::new)));
    }

    private Optional<FrameworkDelta.Task> task(
            FrameworkDelta.Task task, Function<FrameworkId, Optional<ClusterSnapshot.Framework>> known) {
        return known.apply(task.status().framework())
                .filter(this::framework)
                .filter(framework -> task(task, user(framework)))
                .map(framework -> shown(task, user(framework)));
    }

    private Optional<ClusterSnapshot.Framework> shownIfSeen(ClusterSnapshot.Framework framework) {
        return framework(framework) ? Optional.of(shown(framework)) : Optional.empty();
    }

    private boolean framework(ClusterSnapshot.Framework framework) {
        return sight.sees(Action.VIEW_FRAMEWORK, user(framework));
    }

    private static String user(ClusterSnapshot.Framework framework) {
        return framework.info().map(FrameworkInfo::user).orElse("");
    }

    private boolean task(FrameworkDelta.Task task, String user) {
        return sight.sees(Action.VIEW_TASK, task.user().orElse(user)) && role(task.role());
    }

    private boolean executor(FrameworkDelta.Task run, String user) {
        return run.executor().isEmpty()
                || (sight.sees(
                                Action.VIEW_EXECUTOR,
                                run.executor()
                                        .get()
                                        .command()
                                        .flatMap(command -> command.user())
                                        .orElse(user))
                        && role(run.role()));
    }

    private FrameworkDelta.Task shown(FrameworkDelta.Task task, String user) {
        boolean executor = executor(task, user);
        boolean resources = !roles || kinds(task.resources());
        return executor && resources
                ? task
                : task.with(task.resources().filter(this::kind), task.executor().filter(any -> executor));
    }

    private ClusterSnapshot.Framework shown(ClusterSnapshot.Framework framework) {
        String user = user(framework);
        UnaryOperator<Pages<FrameworkDelta.Task>> tasks =
                pages -> mapped(filtered(pages, task -> task(task, user)), task -> shown(task, user));
        return new ClusterSnapshot.Framework(
                framework.id(),
                framework.info().map(this::shown),
                framework.registeredAt(),
                framework.reregisteredAt(),
                framework.removedAt(),
                framework.connected(),
                framework.tornDown(),
                framework.suppressed().stream().filter(this::role).collect(Collectors.toSet()),
                roles ? new OfferConstraints(ofSeenRoles(framework.constraints().byRole())) : framework.constraints(),
                tasks.apply(framework.tasks()),
                tasks.apply(framework.completed()),
                filtered(
                        framework.operations(),
                        operation -> operation.change().map(this::change).orElse(true)),
                mapped(filtered(framework.executors(), run -> executor(run, user)), run -> shown(run, user)));
    }

    private FrameworkInfo shown(FrameworkInfo info) {
        return roles
                ? info.withRoles(info.roles().stream().filter(this::role).toList(), ofSeenRoles(info.minimums()))
                : info;
    }

    private boolean change(ResourceOperation change) {
        return change.resources().special().stream().allMatch(special -> kind(special.kind()));
    }

    private AllocationDelta.Agent shown(AllocationDelta.Agent agent, Predicate<FrameworkId> seen) {
        List<AllocationDelta.Offered> offers = agent.offers().stream()
                .filter(offer -> seen.test(offer.framework()) && role(offer.role()))
                .toList();
        boolean reserved = roles
                && !(kinds(agent.total())
                        && kinds(agent.allocated())
                        && kinds(agent.offered())
                        && kinds(agent.spec().total()));
        if (!reserved && offers.size() == agent.offers().size()) {
            return agent;
        }
        AgentSpec spec = agent.spec();
        return new AllocationDelta.Agent(
                new AgentSpec(
                        spec.id(),
                        spec.hostname(),
                        spec.httpPort(),
                        spec.total().filter(this::kind),
                        spec.attributes(),
                        spec.version(),
                        spec.domain(),
                        spec.isolators()),
                agent.admittedAt(),
                agent.lostAt(),
                agent.active(),
                agent.allocated().filter(this::kind),
                agent.offered().filter(this::kind),
                agent.total().filter(this::kind),
                agent.deactivated(),
                agent.drain(),
                agent.goneAt(),
                offers);
    }

    private boolean kinds(Resources resources) {
        return resources.special().stream().allMatch(special -> kind(special.kind()));
    }

    /** Each role its reservation has gone through must be seen, as in Mesos. */
    private boolean kind(Kind kind) {
        return kind.isReservedWithin(this::role);
    }

    private AllocationDelta.Pool shown(AllocationDelta.Pool pool, Set<FrameworkId> seen) {
        return new AllocationDelta.Pool(
                ofSeenRoles(pool.weights()),
                pool.quotas().stream()
                        .filter(quota -> sight.sees(Action.GET_QUOTA, quota.role()))
                        .toList(),
                scheduled(pool.schedule(), Action.GET_MAINTENANCE_SCHEDULE),
                pool.down(),
                pool.inverse().stream()
                        .filter(answer -> seen.contains(answer.framework()))
                        .toList());
    }

    /** The machines in maintenance of which this principal may know the status. */
    public AllocationDelta.Pool maintenance(ClusterSnapshot whole) {
        AllocationDelta.Pool pool = whole.pool();
        Set<FrameworkId> seen = whole.frameworks().stream()
                .filter(this::framework)
                .map(ClusterSnapshot.Framework::id)
                .collect(Collectors.toSet());
        return new AllocationDelta.Pool(
                Map.of(),
                List.of(),
                scheduled(pool.schedule(), Action.GET_MAINTENANCE_STATUS),
                pool.down().stream()
                        .filter(machine -> machine(Action.GET_MAINTENANCE_STATUS, machine))
                        .toList(),
                pool.inverse().stream()
                        .filter(answer -> seen.contains(answer.framework()))
                        .toList());
    }

    private MaintenanceSchedule scheduled(MaintenanceSchedule schedule, Action action) {
        return new MaintenanceSchedule(schedule.windows().stream()
                .map(window -> new MaintenanceSchedule.Window(
                        window.machines().stream()
                                .filter(machine -> machine(action, machine))
                                .toList(),
                        window.unavailability()))
                .filter(window -> !window.machines().isEmpty())
                .toList());
    }

    private boolean machine(Action action, MaintenanceSchedule.MachineId machine) {
        return sight.sees(action, machine.hostname().or(machine::ip).orElse(""));
    }

    private <T> Map<String, T> ofSeenRoles(Map<String, T> all) {
        return all.entrySet().stream()
                .filter(entry -> role(entry.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static <T> Pages<T> filtered(Pages<T> all, Predicate<T> seen) {
        List<Page<T>> pages = new ArrayList<>();
        int size = 0;
        for (Page<T> page : all.pages()) {
            List<T> left = page.items().stream().filter(seen).toList();
            size += left.size();
            pages.add(left.size() == page.items().size() ? page : new Page<>(left));
        }
        return new Pages<>(pages, size);
    }

    // The same item, not an equal one: comparing would cost as much as making it anew.
    @SuppressWarnings("ReferenceEquality")
    private static <T> Pages<T> mapped(Pages<T> all, UnaryOperator<T> shown) {
        List<Page<T>> pages = new ArrayList<>();
        for (Page<T> page : all.pages()) {
            List<T> items = new ArrayList<>();
            boolean same = true;
            for (T item : page.items()) {
                T one = shown.apply(item);
                same &= one == item;
                items.add(one);
            }
            pages.add(same ? page : new Page<>(items));
        }
        return new Pages<>(pages, all.size());
    }
}
