package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Pages;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.OfferId;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * A random cluster in which everything has a name of its own, what a random principal may see of it, and the ACL file that says so. Which
 * names may be shown is decided here, by what the file was made from, and not by reading it.
 */
final class MadeUp {
    private static final int USERS = 4;
    private static final int ROLES = 5;

    final Set<String> all = new TreeSet<>();
    /** Names that some answer may have. */
    final Set<String> shown = new TreeSet<>();
    /** Roles that answers about quotas may have. */
    final Set<String> quotas = new TreeSet<>();
    /** Tasks that nobody may keep from this principal. */
    final Set<String> tasks = new TreeSet<>();

    final List<FrameworkDelta.Task> everyTask = new ArrayList<>();
    final String acls;
    final ClusterSnapshot cluster;

    private final Random random;
    private final Map<String, Set<String>> may = new HashMap<>();
    private int names;

    MadeUp(long seed) {
        this.random = new Random(seed);
        List<String> users = names("usr", USERS);
        List<String> roles = names("rol", ROLES);
        List<String> machines = names("mch", 3);
        for (String action : List.of("view_frameworks", "view_tasks", "view_executors")) {
            may.put(action, some(users));
        }
        may.put("view_roles", some(roles));
        may.put("get_quotas", some(roles));
        may.put("get_maintenance_schedules", some(machines));
        may.put("get_maintenance_statuses", some(machines));
        acls = acls(users, roles, machines);
        quotas.addAll(may("get_quotas"));
        roles.stream().filter(may("view_roles")::contains).forEach(shown::add);
        cluster = cluster(users, roles, machines);
    }

    private Set<String> may(String action) {
        return may.getOrDefault(action, Set.of());
    }

    private Set<String> some(List<String> names) {
        Set<String> some = new TreeSet<>(names);
        some.removeIf(name -> random.nextInt(3) == 0);
        return some;
    }

    private String acls(List<String> users, List<String> roles, List<String> machines) {
        boolean permissive = random.nextBoolean();
        List<String> parts = new ArrayList<>(List.of("\"permissive\": " + permissive));
        parts.add("\"get_endpoints\": [{\"principals\": {\"type\": \"ANY\"}, \"paths\": {\"type\": \"ANY\"}}]");
        parts.add("\"change_endpoints\": [{\"principals\": {\"type\": \"ANY\"}, \"paths\": {\"type\": \"ANY\"}}]");
        may.forEach((action, allowed) -> {
            List<String> of = action.contains("role") || action.contains("quota")
                    ? roles
                    : action.contains("maintenance") ? machines : users;
            String objects = of.equals(roles) ? "roles" : of.equals(machines) ? "machines" : "users";
            TreeSet<String> denied = new TreeSet<>(of);
            denied.removeAll(allowed);
            List<String> entries = new ArrayList<>();
            // One way round or the other: who may, and nobody else; or who may not, and everybody else.
            if (random.nextBoolean() && !denied.isEmpty()) {
                entries.add(entry("{\"type\": \"NONE\"}", objects, values(denied)));
                entries.add(entry("{\"type\": \"ANY\"}", objects, "{\"type\": \"ANY\"}"));
            } else {
                if (!allowed.isEmpty()) {
                    entries.add(entry("{\"values\": [\"dev\"]}", objects, values(allowed)));
                }
                entries.add(entry("{\"type\": \"NONE\"}", objects, "{\"type\": \"ANY\"}"));
            }
            parts.add("\"" + action + "\": [" + String.join(", ", entries) + "]");
        });
        return "{" + String.join(",\n", parts) + "}";
    }

    private static String entry(String principals, String objects, String of) {
        return "{\"principals\": " + principals + ", \"" + objects + "\": " + of + "}";
    }

    private static String values(Set<String> names) {
        return "{\"values\": [\"" + String.join("\", \"", names) + "\"]}";
    }

    private List<String> names(String kind, int count) {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(name(kind));
        }
        return made;
    }

    private String name(String kind) {
        String made = kind + "q" + names++ + "z";
        all.add(made);
        return made;
    }

    /** A name of something; shown if that is. */
    private String name(String kind, boolean isShown) {
        String made = name(kind);
        if (isShown) {
            shown.add(made);
        }
        return made;
    }

    private String any(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }

    private ClusterSnapshot cluster(List<String> users, List<String> roles, List<String> machines) {
        List<ClusterSnapshot.Framework> frameworks = new ArrayList<>();
        List<AllocationDelta.Offered> offers = new ArrayList<>();
        int count = 2 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            frameworks.add(framework(users, roles, i == 0 && random.nextBoolean(), offers));
        }
        List<AllocationDelta.Agent> agents = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            agents.add(agent("a" + i, roles, i == 0 ? offers : List.of()));
        }
        TreeMap<String, Long> two = new TreeMap<>(Map.of("cpus", 2_000L));
        List<MaintenanceSchedule.Window> windows = new ArrayList<>();
        for (String machine : machines.subList(0, 2)) {
            windows.add(new MaintenanceSchedule.Window(
                    List.of(machine(machine)),
                    new MaintenanceSchedule.Unavailability(Clusters.AT, Optional.of(Duration.ofHours(1)))));
        }
        windows.add(new MaintenanceSchedule.Window(
                List.of(machine(machines.get(2))),
                new MaintenanceSchedule.Unavailability(Clusters.AT, Optional.empty())));
        List<AllocationDelta.InverseAnswer> inverse = new ArrayList<>();
        frameworks.forEach(framework -> inverse.add(new AllocationDelta.InverseAnswer(
                machine(machines.get(0)), framework.id(), Optional.of(true), Clusters.AT)));
        Map<String, Double> weights = new HashMap<>();
        List<Quota> limits = new ArrayList<>();
        roles.forEach(role -> weights.put(role, 2.0));
        roles.forEach(role -> limits.add(new Quota(role, two, two)));
        return new ClusterSnapshot(
                true,
                0,
                Pages.of(agents),
                frameworks,
                Map.of(),
                new AllocationDelta.Pool(
                        weights, limits, new MaintenanceSchedule(windows), List.of(machine(machines.get(2))), inverse));
    }

    private static MaintenanceSchedule.MachineId machine(String name) {
        return new MaintenanceSchedule.MachineId(Optional.of(name), Optional.empty());
    }

    private AllocationDelta.Agent agent(String id, List<String> roles, List<AllocationDelta.Offered> offers) {
        String outer = any(roles);
        String volume = any(roles);
        Kind refined = new Kind(
                List.of(
                        Reservation.dynamic(outer, Optional.empty()),
                        Reservation.dynamic(outer + "/" + "sub", Optional.empty())),
                Optional.empty(),
                false,
                false);
        Resources total = Resources.of(4, 4096, 0)
                .plus(Resources.of(
                        Kind.reserved(Reservation.dynamic(
                                volume,
                                Optional.of(name("prn", may("view_roles").contains(volume))))),
                        Resources.of(1, 100, 0)));
        if (may("view_roles").contains(outer)) {
            // What is below a role is another role, which no rule here allows.
            total = total.plus(Resources.of(refined, Resources.of(1, 1, 0)));
        }
        return new AllocationDelta.Agent(
                new AgentSpec(AgentId.of(id), id + ".example", 5051, total, Map.of("rack", "r1"), "0.1"),
                Clusters.AT,
                Optional.empty(),
                true,
                total.filter(Kind::isReserved),
                total.filter(Kind::isReserved),
                total,
                false,
                Optional.empty(),
                Optional.empty(),
                offers);
    }

    private ClusterSnapshot.Framework framework(
            List<String> users, List<String> roles, boolean gone, List<AllocationDelta.Offered> offers) {
        String user = any(users);
        boolean seen = may("view_frameworks").contains(user);
        if (seen) {
            shown.add(user);
        }
        FrameworkId id = FrameworkId.of(name("frm", seen));
        List<FrameworkDelta.Task> live = new ArrayList<>();
        List<FrameworkDelta.Task> completed = new ArrayList<>();
        List<FrameworkDelta.Task> runs = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            String role = any(roles);
            String own = random.nextBoolean() ? any(users) : user;
            boolean executorSeen = seen
                    && may("view_executors").contains(own)
                    && may("view_roles").contains(role);
            boolean taskSeen =
                    seen && may("view_tasks").contains(own) && may("view_roles").contains(role);
            Optional<ExecutorInfo> executor =
                    i % 2 == 0 ? Optional.empty() : Optional.of(executor(own, role, executorSeen));
            FrameworkDelta.Task task = task(id, own, role, taskSeen, executor, i);
            (i < 4 ? live : completed).add(task);
            if (executor.isPresent()) {
                runs.add(task.with(task.resources(), executor));
            }
        }
        List<String> has = List.of(any(roles), any(roles));
        if (!gone) {
            String role = any(roles);
            offers.add(new AllocationDelta.Offered(
                    OfferId.of(name("off", seen && may("view_roles").contains(role))),
                    id,
                    role,
                    Resources.of(0.5, 10, 0)));
        }
        String reserved = any(roles);
        return new ClusterSnapshot.Framework(
                id,
                Optional.of(new FrameworkInfo(
                        name("nam", seen),
                        name("prn", seen),
                        has,
                        Duration.ofHours(1),
                        user,
                        Set.of(),
                        true,
                        Optional.of(name("hst", seen)),
                        Optional.of("http://" + name("web", seen)),
                        Map.of(name("key", seen), name("val", seen)),
                        Map.of(any(roles), List.of(new TreeMap<>(Map.of("cpus", 1_000L)))))),
                Optional.of(Clusters.AT),
                Optional.empty(),
                gone ? Optional.of(Clusters.AT) : Optional.empty(),
                !gone,
                gone,
                Set.of(has.get(0)),
                new OfferConstraints(Map.of(any(roles), List.of())),
                Pages.of(gone ? List.of() : live),
                Pages.of(gone ? all(live, completed) : completed),
                Pages.of(List.of(new FrameworkDelta.Operation(
                        name("opr", seen && may("view_roles").contains(reserved)),
                        Optional.of(AgentId.of("a1")),
                        SchedulerEvent.OperationState.FINISHED,
                        Optional.empty(),
                        Optional.of(new UUID(0, names).toString()),
                        Optional.of(new ResourceOperation(
                                "c1-0",
                                ResourceOperation.Type.RESERVE,
                                Resources.of(
                                        Kind.reserved(Reservation.dynamic(reserved, Optional.empty())),
                                        Resources.of(2, 0, 0))))))),
                Pages.of(gone ? List.of() : runs));
    }

    private static List<FrameworkDelta.Task> all(List<FrameworkDelta.Task> some, List<FrameworkDelta.Task> others) {
        List<FrameworkDelta.Task> all = new ArrayList<>(some);
        all.addAll(others);
        return all;
    }

    private ExecutorInfo executor(String user, String role, boolean seen) {
        if (seen) {
            shown.add(user);
        }
        return new ExecutorInfo(
                ExecutorInfo.Type.CUSTOM,
                name("exe", seen),
                Optional.of(new CommandInfo(true, name("cmd", seen), List.of(), Map.of(), Optional.of(user))),
                Optional.empty(),
                Resources.of(0.1, 32, 0),
                role,
                name("exn", seen),
                Optional.of(name("src", seen)),
                Optional.empty(),
                Optional.empty(),
                Map.of(name("elk", seen), name("elv", seen)),
                Optional.empty());
    }

    private FrameworkDelta.Task task(
            FrameworkId framework, String user, String role, boolean seen, Optional<ExecutorInfo> executor, int i) {
        String id = name("tsk", seen);
        if (seen) {
            shown.add(user);
            tasks.add(id);
        }
        FrameworkDelta.Task like =
                Clusters.task(framework.value(), id, i < 4 ? TaskState.RUNNING : TaskState.FINISHED, i);
        FrameworkDelta.Task task = new FrameworkDelta.Task(
                TaskId.of(id),
                name("tnm", seen),
                AgentId.of("a" + random.nextInt(3)),
                Resources.of(Kind.reserved(Reservation.dynamic(role, Optional.empty())), Resources.of(0.5, 10, 0)),
                Map.of(name("tlk", seen), name("tlv", seen)),
                like.status(),
                role,
                Optional.empty(),
                like.history(),
                Optional.empty(),
                executor,
                Optional.empty(),
                Optional.of(user),
                Map.of());
        everyTask.add(task);
        return task;
    }
}
