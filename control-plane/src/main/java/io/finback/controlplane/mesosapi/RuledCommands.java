package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.Explanation;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.OperationRights;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.resources.FrameworkId;
import io.finback.security.Action;
import io.finback.security.Principal;
import io.finback.security.Rules;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Commands of one principal: 403 for what the rules refuse, before anything is told. */
final class RuledCommands implements OperatorCommands {
    private final OperatorCommands commands;
    private final Rules rules;
    private final Supplier<ClusterSnapshot> view;
    private final Optional<Principal> principal;

    RuledCommands(
            OperatorCommands commands, Rules rules, Supplier<ClusterSnapshot> view, Optional<Principal> principal) {
        this.commands = commands;
        this.rules = rules;
        this.view = view;
        this.principal = principal;
    }

    @Override
    public CompletionStage<OperatorReply> operate(OperatorCommand command) {
        check(command);
        return commands.operate(command);
    }

    /** By the principal the framework has said it is. */
    @Override
    public CompletionStage<CallAnswer> teardown(FrameworkId framework) {
        String theirs = view.get().frameworks().stream()
                .filter(one -> one.id().equals(framework))
                .findFirst()
                .flatMap(one -> one.info().map(info -> info.principal()))
                .orElse("");
        require(Action.TEARDOWN_FRAMEWORK, theirs);
        return commands.teardown(framework);
    }

    @Override
    public CompletionStage<Explanation> explain(String role, Optional<FrameworkId> framework) {
        return commands.explain(role, framework);
    }

    /** Who asks. */
    Optional<String> principal() {
        return principal.map(Principal::name);
    }

    /** For what is no command to an entity. */
    void require(Action action, String object) {
        if (!rules.allows(principal, action, object)) {
            throw ApiFailure.of(
                    403,
                    principal.map(Principal::name).orElse("nobody") + " may not " + action.key() + " of '" + object
                            + "' (see the ACLs of finback.security.acls)");
        }
    }

    private void check(OperatorCommand command) {
        if (command instanceof OperatorCommand.SetWeights weights) {
            require(Action.UPDATE_WEIGHT, weights.weights().keySet());
        } else if (command instanceof OperatorCommand.SetQuotas quotas) {
            require(
                    Action.UPDATE_QUOTA,
                    quotas.quotas().stream().map(Quota::role).toList());
        } else if (command instanceof OperatorCommand.ChangeResources change) {
            change.operations().forEach(this::check);
        } else if (command instanceof OperatorCommand.Drain drain) {
            require(Action.DRAIN_AGENT, drain.agent().value());
        } else if (command instanceof OperatorCommand.Deactivate deactivate) {
            require(Action.DEACTIVATE_AGENT, deactivate.agent().value());
        } else if (command instanceof OperatorCommand.Reactivate reactivate) {
            require(Action.REACTIVATE_AGENT, reactivate.agent().value());
        } else if (command instanceof OperatorCommand.MarkGone gone) {
            require(Action.MARK_AGENT_GONE, gone.agent().value());
        } else if (command instanceof OperatorCommand.SetMaintenance maintenance) {
            require(
                    Action.UPDATE_MAINTENANCE_SCHEDULE,
                    names(maintenance.schedule().windows().stream()
                            .flatMap(window -> window.machines().stream())
                            .toList()));
        } else if (command instanceof OperatorCommand.MachinesDown down) {
            require(Action.START_MAINTENANCE, names(down.machines()));
        } else if (command instanceof OperatorCommand.MachinesUp up) {
            require(Action.STOP_MAINTENANCE, names(up.machines()));
        }
    }

    private void check(ResourceOperation operation) {
        require(OperationRights.action(operation), OperationRights.objects(operation));
    }

    private static List<String> names(List<MaintenanceSchedule.MachineId> machines) {
        return machines.stream()
                .map(machine -> machine.hostname().or(machine::ip).orElse(""))
                .toList();
    }

    private void require(Action action, Collection<String> objects) {
        objects.forEach(object -> require(action, object));
    }
}
