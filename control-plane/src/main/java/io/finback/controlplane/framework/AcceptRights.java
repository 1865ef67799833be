package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.security.Action;
import io.finback.security.Principal;
import io.finback.security.Rules;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the principal of a framework may do with what it accepts. Each account is asked about once, however many tasks one accept has. Source:
 * apache/mesos {@code src/master/master.cpp}, {@code Master::authorizeTask}, {@code authorizeReserveResources} and those beside it.
 */
final class AcceptRights {
    private final Rules rules;
    private final Optional<FrameworkInfo> framework;
    private final Optional<Principal> principal;
    private final boolean bound;
    private final Optional<RunOptions> plain;
    private final Map<String, Boolean> users = new HashMap<>();

    AcceptRights(Rules rules, Optional<FrameworkInfo> framework) {
        this.rules = rules;
        this.framework = framework;
        this.principal = framework.flatMap(info -> Principal.named(info.principal()));
        this.plain = framework.map(FrameworkInfo::user).map(RunOptions.NONE::withFrameworkUser);
        this.bound = !rules.sight(principal).isWhole(Action.RUN_TASK);
    }

    /** The task with what its framework says of its account. Tasks without options of their own share one. */
    TaskInfo described(TaskInfo task) {
        Optional<String> user = framework.map(FrameworkInfo::user).filter(name -> !name.isEmpty());
        if (user.isEmpty()) {
            return task;
        }
        return task.withOptions(
                task.options().equals(RunOptions.NONE)
                        ? plain.orElse(RunOptions.NONE)
                        : task.options().withFrameworkUser(user.get()));
    }

    /** The account the task may not run as; empty: it may. */
    Optional<String> forbiddenUser(TaskInfo task) {
        String user = task.account();
        boolean allowed = users.computeIfAbsent(user, one -> rules.allows(principal, Action.RUN_TASK, one));
        return allowed ? Optional.empty() : Optional.of(user);
    }

    /** What is launched of who may not run as anybody: it names the account that was asked about, whatever its agent's default is. */
    TaskInfo asAsked(TaskInfo task) {
        boolean ofItsOwn = ExecutorRuns.isRun(task.id()) || !ExecutorRules.runsInCustom(task);
        boolean decided = bound
                && ofItsOwn
                && task.command().user().isEmpty()
                && !task.account().isEmpty();
        return decided ? task.runAs(task.account()) : task;
    }

    /** Why it may not; empty: it may. */
    Optional<String> objection(ResourceOperation operation) {
        Action action = OperationRights.action(operation);
        return OperationRights.objects(operation).stream()
                .filter(object -> !rules.allows(principal, action, object))
                .findFirst()
                .map(object -> "Not authorized to " + words(operation) + " as '"
                        + framework.map(FrameworkInfo::principal).orElse("") + "'");
    }

    private static String words(ResourceOperation operation) {
        return switch (operation.type()) {
            case RESERVE -> "reserve resources";
            case UNRESERVE -> "unreserve resources";
            case CREATE -> "create persistent volumes";
            case DESTROY -> "destroy persistent volumes";
        };
    }
}
