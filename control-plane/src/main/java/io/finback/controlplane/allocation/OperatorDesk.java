package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.OperatorRound;
import io.finback.controlplane.allocator.Refusal;
import java.util.Optional;

/** Takes operators' commands to the rules of {@link OperatorRound}. */
final class OperatorDesk implements OperatorCommand.Handler<Optional<Refusal>> {
    private final OperatorRound round;

    private OperatorDesk(OperatorRound round) {
        this.round = round;
    }

    static OperatorReply decide(OperatorCommand command, OperatorRound round) {
        return command.carryOut(new OperatorDesk(round))
                .<OperatorReply>map(refusal -> new OperatorReply.Refused(why(refusal), refusal.message()))
                .orElseGet(OperatorReply.Done::new);
    }

    @Override
    public Optional<Refusal> setWeights(OperatorCommand.SetWeights command) {
        return round.setWeights(command.weights());
    }

    @Override
    public Optional<Refusal> setQuotas(OperatorCommand.SetQuotas command) {
        return round.setQuotas(command.quotas(), command.force());
    }

    @Override
    public Optional<Refusal> changeResources(OperatorCommand.ChangeResources command) {
        return round.changeResources(command.agent(), command.operations(), command.principal());
    }

    @Override
    public Optional<Refusal> drain(OperatorCommand.Drain command) {
        return round.drain(command.agent(), command.maxGrace(), command.markGone());
    }

    @Override
    public Optional<Refusal> deactivate(OperatorCommand.Deactivate command) {
        return round.deactivate(command.agent());
    }

    @Override
    public Optional<Refusal> reactivate(OperatorCommand.Reactivate command) {
        return round.reactivate(command.agent());
    }

    @Override
    public Optional<Refusal> markGone(OperatorCommand.MarkGone command) {
        return round.markGone(command.agent());
    }

    @Override
    public Optional<Refusal> setMaintenance(OperatorCommand.SetMaintenance command) {
        return round.setMaintenance(command.schedule());
    }

    @Override
    public Optional<Refusal> machinesDown(OperatorCommand.MachinesDown command) {
        return round.bringDown(command.machines());
    }

    @Override
    public Optional<Refusal> machinesUp(OperatorCommand.MachinesUp command) {
        return round.bringUp(command.machines());
    }

    private static OperatorReply.Why why(Refusal refusal) {
        return switch (refusal.why()) {
            case INVALID -> OperatorReply.Why.INVALID;
            case NOT_FOUND -> OperatorReply.Why.NOT_FOUND;
            case CONFLICT -> OperatorReply.Why.CONFLICT;
            case ABSENT -> OperatorReply.Why.ABSENT;
            case UNAVAILABLE -> OperatorReply.Why.UNAVAILABLE;
        };
    }
}
