package io.finback.controlplane.allocation;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an operator may change in a pool. Each is done wholly or not at all, and journaled before it is answered. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = OperatorCommand.SetWeights.class, name = "set_weights"),
    @JsonSubTypes.Type(value = OperatorCommand.SetQuotas.class, name = "set_quotas"),
    @JsonSubTypes.Type(value = OperatorCommand.ChangeResources.class, name = "change_resources"),
    @JsonSubTypes.Type(value = OperatorCommand.Drain.class, name = "drain"),
    @JsonSubTypes.Type(value = OperatorCommand.Deactivate.class, name = "deactivate"),
    @JsonSubTypes.Type(value = OperatorCommand.Reactivate.class, name = "reactivate"),
    @JsonSubTypes.Type(value = OperatorCommand.MarkGone.class, name = "mark_gone"),
    @JsonSubTypes.Type(value = OperatorCommand.SetMaintenance.class, name = "set_maintenance"),
    @JsonSubTypes.Type(value = OperatorCommand.MachinesDown.class, name = "machines_down"),
    @JsonSubTypes.Type(value = OperatorCommand.MachinesUp.class, name = "machines_up")
})
public sealed interface OperatorCommand extends WireMessage {

    /** Role to weight, each &gt; 0; roles not named keep theirs. */
    record SetWeights(Map<String, Double> weights) implements OperatorCommand {
        public SetWeights {
            weights = Map.copyOf(weights);
        }
    }

    /** All or none. {@code force}: even above capacity or below what is consumed. A default quota removes the role's. */
    record SetQuotas(List<Quota> quotas, boolean force) implements OperatorCommand {
        public SetQuotas {
            quotas = List.copyOf(quotas);
        }
    }

    /** In order; offers in the way are rescinded. */
    record ChangeResources(AgentId agent, List<ResourceOperation> operations) implements OperatorCommand {
        public ChangeResources {
            operations = List.copyOf(operations);
        }
    }

    /** No new work, and its tasks are killed, each with at most this grace. */
    record Drain(AgentId agent, Optional<Duration> maxGrace, boolean markGone) implements OperatorCommand {}

    /** No new work. */
    record Deactivate(AgentId agent) implements OperatorCommand {}

    record Reactivate(AgentId agent) implements OperatorCommand {}

    /** The agent never comes back; its tasks are over. */
    record MarkGone(AgentId agent) implements OperatorCommand {}

    record SetMaintenance(MaintenanceSchedule schedule) implements OperatorCommand {}

    record MachinesDown(List<MaintenanceSchedule.MachineId> machines) implements OperatorCommand {
        public MachinesDown {
            machines = List.copyOf(machines);
        }
    }

    record MachinesUp(List<MaintenanceSchedule.MachineId> machines) implements OperatorCommand {
        public MachinesUp {
            machines = List.copyOf(machines);
        }
    }
}
