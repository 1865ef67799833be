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
    /** Calls the one method of {@code handler} that is for this command. */
    <R> R carryOut(Handler<R> handler);

    /** One method per command. */
    interface Handler<R> {
        R setWeights(SetWeights command);

        R setQuotas(SetQuotas command);

        R changeResources(ChangeResources command);

        R drain(Drain command);

        R deactivate(Deactivate command);

        R reactivate(Reactivate command);

        R markGone(MarkGone command);

        R setMaintenance(SetMaintenance command);

        R machinesDown(MachinesDown command);

        R machinesUp(MachinesUp command);
    }

    /** Role to weight, each &gt; 0; roles not named keep theirs. */
    record SetWeights(Map<String, Double> weights) implements OperatorCommand {
        public SetWeights {
            weights = Map.copyOf(weights);
        }

        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.setWeights(this);
        }
    }

    /** All or none. {@code force}: even above capacity or below what is consumed. A default quota removes the role's. */
    record SetQuotas(List<Quota> quotas, boolean force) implements OperatorCommand {
        public SetQuotas {
            quotas = List.copyOf(quotas);
        }

        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.setQuotas(this);
        }
    }

    /**
     * In order; offers in the way are rescinded.
     *
     * @param principal present: reservations and volumes must name it
     */
    record ChangeResources(AgentId agent, List<ResourceOperation> operations, Optional<String> principal)
            implements OperatorCommand {
        public ChangeResources {
            operations = List.copyOf(operations);
        }

        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.changeResources(this);
        }
    }

    /** No new work, and its tasks are killed, each with at most this grace. */
    record Drain(AgentId agent, Optional<Duration> maxGrace, boolean markGone) implements OperatorCommand {
        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.drain(this);
        }
    }

    /** No new work. */
    record Deactivate(AgentId agent) implements OperatorCommand {
        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.deactivate(this);
        }
    }

    record Reactivate(AgentId agent) implements OperatorCommand {
        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.reactivate(this);
        }
    }

    /** The agent never comes back; its tasks are over. */
    record MarkGone(AgentId agent) implements OperatorCommand {
        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.markGone(this);
        }
    }

    record SetMaintenance(MaintenanceSchedule schedule) implements OperatorCommand {
        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.setMaintenance(this);
        }
    }

    record MachinesDown(List<MaintenanceSchedule.MachineId> machines) implements OperatorCommand {
        public MachinesDown {
            machines = List.copyOf(machines);
        }

        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.machinesDown(this);
        }
    }

    record MachinesUp(List<MaintenanceSchedule.MachineId> machines) implements OperatorCommand {
        public MachinesUp {
            machines = List.copyOf(machines);
        }

        @Override
        public <R> R carryOut(Handler<R> handler) {
            return handler.machinesUp(this);
        }
    }
}
