package io.finback.controlplane.agent;

import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.framework.AgentReport;
import io.finback.controlplane.framework.SessionOrder;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** What the frameworks concerned must hear of an agent's coming and going, said again until each has. */
final class FrameworkReports {
    /** What there is to be said. */
    enum News {
        BACK,
        UNREACHABLE,
        REMOVED
    }

    private record Topic(FrameworkId framework, AgentReport.Span span) {}

    private record Report(List<TaskId> held, Instant toldAt) {}

    private final AgentId agent;
    private final AgentTasks tasks;
    private final Duration repeat;
    private final BiConsumer<FrameworkId, AgentReport> frameworks;
    private final Map<Topic, Report> unheard = new LinkedHashMap<>();
    private News news = News.BACK;
    private long session;

    FrameworkReports(
            AgentId agent, AgentTasks tasks, Duration repeat, BiConsumer<FrameworkId, AgentReport> frameworks) {
        this.agent = agent;
        this.tasks = tasks;
        this.repeat = repeat;
        this.frameworks = frameworks;
    }

    /** Replaces what was being said. The frameworks concerned: those with tasks on the agent, and those that hold something there. */
    void begin(News fresh, long number, List<SessionReply.HeldTasks> held, Instant now) {
        news = fresh;
        session = number;
        unheard.clear();
        Map<FrameworkId, List<TaskId>> concerned = new LinkedHashMap<>();
        tasks.frameworks().forEach(framework -> concerned.put(framework, List.of()));
        held.forEach(mine -> concerned.put(mine.framework(), mine.tasks()));
        concerned.forEach((framework, list) -> {
            List<AgentReport.Span> spans =
                    fresh == News.BACK ? tasks.spans(framework, list) : List.of(AgentReport.Span.ALL);
            for (AgentReport.Span span : spans) {
                List<TaskId> within = fresh == News.BACK
                        ? list.stream().filter(span::contains).toList()
                        : List.of();
                Topic topic = new Topic(framework, span);
                unheard.put(topic, tell(topic, within, now));
            }
        });
    }

    /** The session has a larger number now; who has not heard yet, hears this one. */
    void renumber(long number) {
        session = number;
    }

    void heard(SessionOrder.Heard heard) {
        if (heard.session() == session && heard.gone() == (news != News.BACK)) {
            unheard.keySet()
                    .removeIf(topic -> topic.framework().equals(heard.framework())
                            && topic.span().number() == heard.span());
        }
    }

    boolean isOf(News which) {
        return news == which;
    }

    boolean allHeard() {
        return unheard.isEmpty();
    }

    void repeat(Instant now) {
        unheard.replaceAll((topic, report) ->
                report.toldAt().plus(repeat).isAfter(now) ? report : tell(topic, report.held(), now));
    }

    private Report tell(Topic topic, List<TaskId> held, Instant now) {
        frameworks.accept(
                topic.framework(),
                news == News.BACK
                        ? new AgentReport.AgentBack(
                                agent, session, topic.span(), tasks.of(topic.framework(), topic.span()), held)
                        : new AgentReport.AgentGone(agent, session, news == News.REMOVED));
        return new Report(held, now);
    }
}
