package io.finback.nodeagent.api.v1;

import akka.http.javadsl.model.HttpRequest;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.api.Seen;
import io.finback.security.Action;
import io.finback.security.Guard;
import io.finback.security.Rules;
import java.util.Optional;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;

/**
 * Who may do what beside a task: by the account that task runs as, and where a command names another, by that as well. What is in no task that is
 * known here is nobody's by name. Source: apache/mesos {@code src/slave/http.cpp}.
 */
@SuppressWarnings("deprecation") // the calls with NESTED in their names, which executors still use
final class CallRights {
    private final Rules rules;
    private final AgentView view;
    private final Parents parents;

    CallRights(Rules rules, AgentView view, Parents parents) {
        this.rules = rules;
        this.view = view;
        this.parents = parents;
    }

    Seen seen(HttpRequest request) {
        return new Seen(view, rules.sight(Guard.principal(request)));
    }

    /** 403 for a call that who asks may not make. Reads are not refused: they show less. */
    void check(Call call, HttpRequest request) {
        switch (call.getType()) {
            case LAUNCH_NESTED_CONTAINER ->
                launch(
                        request,
                        call.getLaunchNestedContainer().getContainerId(),
                        call.getLaunchNestedContainer().getCommand());
            case LAUNCH_CONTAINER ->
                launch(
                        request,
                        call.getLaunchContainer().getContainerId(),
                        call.getLaunchContainer().getCommand());
            case LAUNCH_NESTED_CONTAINER_SESSION -> {
                Call.LaunchNestedContainerSession session = call.getLaunchNestedContainerSession();
                String account = account(session.getContainerId());
                require(request, Action.LAUNCH_NESTED_CONTAINER_SESSION_UNDER, account);
                require(request, Action.LAUNCH_NESTED_CONTAINER_SESSION, own(session.getCommand(), account));
            }
            case WAIT_NESTED_CONTAINER ->
                inTask(
                        request,
                        Action.WAIT_NESTED_CONTAINER,
                        call.getWaitNestedContainer().getContainerId());
            case WAIT_CONTAINER ->
                inTask(
                        request,
                        Action.WAIT_NESTED_CONTAINER,
                        call.getWaitContainer().getContainerId());
            case KILL_NESTED_CONTAINER ->
                inTask(
                        request,
                        Action.KILL_NESTED_CONTAINER,
                        call.getKillNestedContainer().getContainerId());
            case KILL_CONTAINER ->
                inTask(
                        request,
                        Action.KILL_NESTED_CONTAINER,
                        call.getKillContainer().getContainerId());
            case REMOVE_NESTED_CONTAINER ->
                inTask(
                        request,
                        Action.REMOVE_NESTED_CONTAINER,
                        call.getRemoveNestedContainer().getContainerId());
            case REMOVE_CONTAINER ->
                inTask(
                        request,
                        Action.REMOVE_NESTED_CONTAINER,
                        call.getRemoveContainer().getContainerId());
            case ATTACH_CONTAINER_OUTPUT ->
                inTask(
                        request,
                        Action.ATTACH_CONTAINER_OUTPUT,
                        call.getAttachContainerOutput().getContainerId());
            case PRUNE_IMAGES -> require(request, Action.PRUNE_IMAGES, "");
            case SET_LOGGING_LEVEL ->
                require(
                        request,
                        Action.SET_LOG_LEVEL,
                        Integer.toString(call.getSetLoggingLevel().getLevel()));
            case GET_FLAGS -> require(request, Action.VIEW_FLAGS, "");
            default -> {}
        }
    }

    void attachInput(HttpRequest request, Protos.ContainerID container) {
        inTask(request, Action.ATTACH_CONTAINER_INPUT, container);
    }

    private void launch(HttpRequest request, Protos.ContainerID id, Protos.CommandInfo command) {
        String account = account(id);
        require(request, Action.LAUNCH_NESTED_CONTAINER_UNDER, account);
        require(request, Action.LAUNCH_NESTED_CONTAINER, own(command, account));
    }

    private static String own(Protos.CommandInfo command, String account) {
        return command.hasUser() ? command.getUser() : account;
    }

    private void inTask(HttpRequest request, Action action, Protos.ContainerID container) {
        require(request, action, account(container));
    }

    private String account(Protos.ContainerID container) {
        return parents.account(container).orElse("");
    }

    private void require(HttpRequest request, Action action, String object) {
        if (!rules.allows(Guard.principal(request), action, object)) {
            throw new ApiFailure(
                    403,
                    "not allowed to " + action.key()
                            + Optional.of(object)
                                    .filter(user -> !user.isEmpty())
                                    .map(user -> " of '" + user + "'")
                                    .orElse(""));
        }
    }
}
