package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.mesosapi.translate.OfferMessages;
import io.finback.controlplane.view.SeenBy;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.Protos.MachineID;
import org.apache.mesos.v1.Protos.Value;
import org.apache.mesos.v1.allocator.Protos.InverseOfferStatus;
import org.apache.mesos.v1.maintenance.Protos.ClusterStatus;
import org.apache.mesos.v1.maintenance.Protos.Schedule;
import org.apache.mesos.v1.maintenance.Protos.Window;
import org.apache.mesos.v1.quota.Protos.QuotaConfig;
import org.apache.mesos.v1.quota.Protos.QuotaInfo;
import org.apache.mesos.v1.quota.Protos.QuotaRequest;
import org.apache.mesos.v1.quota.Protos.QuotaStatus;

/** Quotas and maintenance in Mesos' messages, and back. What cannot be is refused with {@link IllegalArgumentException}. */
final class OperatorMessages {
    private static final int MAX_MACHINES = 200_000;

    private OperatorMessages() {}

    @SuppressWarnings("deprecation") // infos, which old tools still read
    static QuotaStatus quota(AllocationDelta.Pool pool) {
        QuotaStatus.Builder status = QuotaStatus.newBuilder();
        for (Quota quota : pool.quotas()) {
            QuotaConfig.Builder config = QuotaConfig.newBuilder().setRole(quota.role());
            quota.guarantees().forEach((name, milli) -> config.putGuarantees(name, scalar(milli)));
            quota.limits().forEach((name, milli) -> config.putLimits(name, scalar(milli)));
            status.addConfigs(config);
            if (!quota.guarantees().isEmpty()) {
                status.addInfos(QuotaInfo.newBuilder()
                        .setRole(quota.role())
                        .addAllGuarantee(ResourceMessages.quantities(quota.guarantees())));
            }
        }
        return status.build();
    }

    static Quota quota(QuotaConfig config) {
        return new Quota(
                config.getRole(),
                amounts("guarantees", config.getGuaranteesMap()),
                amounts("limits", config.getLimitsMap()));
    }

    /** The old form: what is guaranteed is the limit too. Source: apache/mesos {@code src/master/quota.cpp}. */
    static Quota quota(QuotaRequest request) {
        SortedMap<String, Long> guarantee = new TreeMap<>();
        for (Protos.Resource resource : request.getGuaranteeList()) {
            String name = "guarantee." + resource.getName();
            if (resource.getType() != Value.Type.SCALAR) {
                throw new IllegalArgumentException(name + ": " + resource.getType() + " (expected: SCALAR)");
            }
            long milli = Resources.thousandths(name, resource.getScalar().getValue());
            if (guarantee.put(resource.getName(), milli) != null) {
                throw new IllegalArgumentException(name + ": twice (expected: once)");
            }
        }
        if (guarantee.isEmpty()) {
            throw new IllegalArgumentException("guarantee: none (expected: at least one resource)");
        }
        return new Quota(request.getRole(), guarantee, guarantee);
    }

    static Schedule schedule(MaintenanceSchedule schedule) {
        Schedule.Builder message = Schedule.newBuilder();
        for (MaintenanceSchedule.Window window : schedule.windows()) {
            Window.Builder to = Window.newBuilder().setUnavailability(OfferMessages.to(window.unavailability()));
            window.machines().forEach(machine -> to.addMachineIds(machine(machine)));
            message.addWindows(to);
        }
        return message.build();
    }

    static MaintenanceSchedule schedule(Schedule message) {
        List<MaintenanceSchedule.Window> windows = new ArrayList<>();
        int machines = 0;
        for (Window window : message.getWindowsList()) {
            machines += window.getMachineIdsCount();
            Protos.Unavailability when = window.getUnavailability();
            Optional<Duration> duration = when.hasDuration()
                    ? Optional.of(Duration.ofNanos(when.getDuration().getNanoseconds()))
                    : Optional.empty();
            windows.add(new MaintenanceSchedule.Window(
                    machines(window.getMachineIdsList()),
                    new MaintenanceSchedule.Unavailability(
                            Instant.ofEpochSecond(0, when.getStart().getNanoseconds()), duration)));
        }
        if (machines > MAX_MACHINES) {
            throw new IllegalArgumentException(
                    "windows: " + machines + " machines (expected: at most " + MAX_MACHINES + ")");
        }
        return new MaintenanceSchedule(windows);
    }

    static List<MaintenanceSchedule.MachineId> machines(List<MachineID> messages) {
        return messages.stream()
                .map(message -> new MaintenanceSchedule.MachineId(
                        present(message.hasHostname(), message.getHostname()),
                        present(message.hasIp(), message.getIp())))
                .toList();
    }

    static ClusterStatus status(Look look) {
        return status(
                SeenBy.isWhole(look.sight())
                        ? look.whole().pool()
                        : new SeenBy(look.sight()).maintenance(look.whole()));
    }

    private static ClusterStatus status(AllocationDelta.Pool pool) {
        ClusterStatus.Builder status = ClusterStatus.newBuilder();
        pool.down().forEach(machine -> status.addDownMachines(machine(machine)));
        for (MaintenanceSchedule.Window window : pool.schedule().windows()) {
            for (MaintenanceSchedule.MachineId machine : window.machines()) {
                if (pool.down().contains(machine)) {
                    continue;
                }
                ClusterStatus.DrainingMachine.Builder draining =
                        ClusterStatus.DrainingMachine.newBuilder().setId(machine(machine));
                pool.inverse().stream()
                        .filter(answer -> answer.machine().equals(machine))
                        .forEach(answer -> draining.addStatuses(answer(answer)));
                status.addDrainingMachines(draining);
            }
        }
        return status.build();
    }

    private static InverseOfferStatus answer(AllocationDelta.InverseAnswer answer) {
        return InverseOfferStatus.newBuilder()
                .setStatus(
                        answer.accepted().isEmpty()
                                ? InverseOfferStatus.Status.UNKNOWN
                                : answer.accepted().get()
                                        ? InverseOfferStatus.Status.ACCEPT
                                        : InverseOfferStatus.Status.DECLINE)
                .setFrameworkId(Protos.FrameworkID.newBuilder()
                        .setValue(answer.framework().value()))
                .setTimestamp(ViewMessages.time(answer.at()))
                .build();
    }

    private static MachineID machine(MaintenanceSchedule.MachineId machine) {
        MachineID.Builder message = MachineID.newBuilder();
        machine.hostname().ifPresent(message::setHostname);
        machine.ip().ifPresent(message::setIp);
        return message.build();
    }

    private static SortedMap<String, Long> amounts(String field, Map<String, Value.Scalar> message) {
        SortedMap<String, Long> amounts = new TreeMap<>();
        message.forEach(
                (name, scalar) -> amounts.put(name, Resources.thousandths(field + "." + name, scalar.getValue())));
        return amounts;
    }

    private static Value.Scalar scalar(long milli) {
        return Value.Scalar.newBuilder().setValue(milli / 1000.0).build();
    }

    private static Optional<String> present(boolean is, String value) {
        return is && !value.isEmpty() ? Optional.of(value) : Optional.empty();
    }
}
