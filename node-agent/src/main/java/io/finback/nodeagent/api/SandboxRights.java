package io.finback.nodeagent.api;

import akka.http.javadsl.model.HttpRequest;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.task.AgentTask;
import io.finback.security.Action;
import io.finback.security.Guard;
import io.finback.security.Principal;
import io.finback.security.Rules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whose sandboxes who asks may look into: those of tasks of accounts that it may access. What is in no sandbox of a task that is known here, such as the
 * directories above them and what a task left that is long forgotten, is for who may access all. Source: apache/mesos {@code
 * src/slave/slave.cpp}, {@code authorizeSandboxAccess}.
 */
public final class SandboxRights {
    private final Rules rules;
    private final AgentView view;

    public SandboxRights(Rules rules, AgentView view) {
        this.rules = rules;
        this.view = view;
    }

    /** {@code space} with what who asks may not look into refused. */
    public FileSpace of(FileSpace space, HttpRequest request) {
        Optional<Principal> who = Guard.principal(request);
        boolean all = rules.sight(who).isWhole(Action.ACCESS_SANDBOX);
        return space.within(real -> all || inSandbox(who, real), () -> rules.allows(who, Action.ACCESS_MESOS_LOG, ""));
    }

    private boolean inSandbox(Optional<Principal> who, Path real) {
        Optional<AgentTask> owner = Stream.concat(view.board().live().stream(), view.board().ended().stream())
                .filter(task -> isIn(real, view.sandboxes().of(task)))
                .max(Comparator.comparingInt(task -> view.sandboxes().of(task).getNameCount()));
        return rules.allows(
                        who,
                        Action.ACCESS_SANDBOX,
                        owner.map(task -> task.info().account()).orElse(""))
                && owner.isPresent();
    }

    private static boolean isIn(Path real, Path sandbox) {
        try {
            return real.startsWith(sandbox.toRealPath());
        } catch (IOException e) {
            // It is gone, and nothing can be in it.
            return false;
        }
    }
}
