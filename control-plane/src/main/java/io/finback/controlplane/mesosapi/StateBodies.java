package io.finback.controlplane.mesosapi;

import com.google.protobuf.Message;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.controlplane.view.Pages;
import io.finback.mesos.v1.Encoding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.mesos.v1.master.Protos.Response;

/** The large answers of the operator API: {@code GET_TASKS}, {@code GET_AGENTS}, {@code GET_FRAMEWORKS} and all of them at once. */
final class StateBodies {
    private final Encoding encoding;
    private final Page.Derivation<FrameworkDelta.Task, Fragment> reachable;
    private final Page.Derivation<FrameworkDelta.Task, Fragment> unreachable;
    private final Page.Derivation<FrameworkDelta.Task, Fragment> completed;
    private final Page.Derivation<FrameworkDelta.Task, Fragment> executors;
    private final Page.Derivation<AllocationDelta.Agent, Fragment> agents;

    StateBodies(Encoding encoding) {
        this.encoding = encoding;
        reachable =
                page(Response.GetTasks.TASKS_FIELD_NUMBER, task -> !TaskJson.isUnreachable(task), ViewMessages::task);
        unreachable =
                page(Response.GetTasks.UNREACHABLE_TASKS_FIELD_NUMBER, TaskJson::isUnreachable, ViewMessages::task);
        completed = page(Response.GetTasks.COMPLETED_TASKS_FIELD_NUMBER, task -> true, ViewMessages::task);
        executors = page(
                Response.GetExecutors.EXECUTORS_FIELD_NUMBER,
                run -> run.executor().isPresent(),
                ViewMessages::executor);
        agents = page(Response.GetAgents.AGENTS_FIELD_NUMBER, AgentJson::isShown, ViewMessages::agent);
    }

    Rope state(ClusterSnapshot view) {
        return Body.of(encoding)
                .message("get_tasks", Response.GetState.GET_TASKS_FIELD_NUMBER, tasks(view))
                .message("get_executors", Response.GetState.GET_EXECUTORS_FIELD_NUMBER, executors(view))
                .message("get_frameworks", Response.GetState.GET_FRAMEWORKS_FIELD_NUMBER, frameworks(view))
                .message("get_agents", Response.GetState.GET_AGENTS_FIELD_NUMBER, agents(view))
                .build();
    }

    Rope tasks(ClusterSnapshot view) {
        return Body.of(encoding)
                .list("tasks", ofTasks(view, ClusterSnapshot.Framework::tasks, reachable))
                .list("unreachable_tasks", ofTasks(view, ClusterSnapshot.Framework::tasks, unreachable))
                .list("completed_tasks", ofTasks(view, ClusterSnapshot.Framework::completed, completed))
                .build();
    }

    private Rope executors(ClusterSnapshot view) {
        return Body.of(encoding)
                .list("executors", ofTasks(view, ClusterSnapshot.Framework::executors, executors))
                .build();
    }

    Rope agents(ClusterSnapshot view) {
        return Body.of(encoding).list("agents", of(view.agents(), agents)).build();
    }

    Rope frameworks(ClusterSnapshot view) {
        FrameworkOffers offers = FrameworkOffers.of(view);
        List<Message> live = new ArrayList<>();
        List<Message> gone = new ArrayList<>();
        for (ClusterSnapshot.Framework framework : view.shownFrameworks()) {
            (framework.tornDown() ? gone : live).add(ViewMessages.framework(framework, offers.to(framework.id())));
        }
        return Body.of(encoding)
                .list(
                        "frameworks",
                        List.of(Body.elements(encoding, Response.GetFrameworks.FRAMEWORKS_FIELD_NUMBER, live)))
                .list(
                        "completed_frameworks",
                        List.of(Body.elements(
                                encoding, Response.GetFrameworks.COMPLETED_FRAMEWORKS_FIELD_NUMBER, gone)))
                .build();
    }

    /** {@code {"type":"GET_X","get_x":content}}. */
    Rope response(Response.Type type, String field, int number, Rope content) {
        return Body.of(encoding)
                .fields(Response.newBuilder().setType(type).buildPartial())
                .message(field, number, content)
                .build();
    }

    private <T> Page.Derivation<T, Fragment> page(
            int number, Predicate<T> shown, Function<T, ? extends Message> translate) {
        return Page.Derivation.of(items -> Body.elements(
                encoding, number, items.stream().filter(shown).map(translate).toList()));
    }

    private static List<Fragment> ofTasks(
            ClusterSnapshot view,
            Function<ClusterSnapshot.Framework, Pages<FrameworkDelta.Task>> which,
            Page.Derivation<FrameworkDelta.Task, Fragment> how) {
        List<Fragment> fragments = new ArrayList<>();
        view.shownFrameworks().forEach(framework -> fragments.addAll(of(which.apply(framework), how)));
        return fragments;
    }

    private static <T> List<Fragment> of(Pages<T> pages, Page.Derivation<T, Fragment> how) {
        return pages.pages().stream()
                .filter(page -> !page.items().isEmpty())
                .map(page -> page.derived(how))
                .toList();
    }
}
