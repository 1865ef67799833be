package io.finback.controlplane.agent;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.framework.AgentReport;
import io.finback.controlplane.framework.SessionOrder;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import io.finback.wire.Parts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;

/**
 * The rules of the conversation with one agent, run by its {@link AgentSession}.
 *
 * <p>Not registered: everything the agent says is answered with {@code RegisterAgain}; work waits. Registering: the allocator is
 * asked until it answers. Registered: launches and kills are repeated until confirmed, updates are passed on (the agent repeats
 * them), and each framework concerned is told of the registration until it has heard. Silent for a while: not offered. Silent for
 * long: unreachable, and not registered any more.
 */
final class Conversation {
    private record Registering(AgentToMaster.Register register, String ask, Instant askedAt) {}

    private record Topic(FrameworkId framework, AgentReport.Span span) {}

    private record Report(boolean gone, List<TaskId> held, Instant toldAt) {}

    private final AgentId agent;
    private final AgentSession.Collaborators with;
    private final AgentSettings settings;
    private final ActorRef<SessionReply> replies;
    private final Logger log;
    private final Outbox outbox;
    private final AgentTasks tasks = new AgentTasks();
    private final Gathering gathering = new Gathering();
    private final Map<Topic, Report> unheard = new LinkedHashMap<>();
    private Optional<ActorRef<MasterToAgent>> carrier = Optional.empty();
    private Optional<Registering> registering = Optional.empty();
    private Optional<Instant> givingUpSince = Optional.empty();
    private long session;
    private boolean registered;
    private boolean silent;
    private boolean givenUp;
    private Instant lastHeard;

    Conversation(AgentId agent, AgentSession.Collaborators with, ActorRef<SessionReply> replies, Logger log) {
        this.agent = agent;
        this.with = with;
        this.settings = with.settings();
        this.replies = replies;
        this.log = log;
        this.outbox = new Outbox(settings.maxPending(), settings.repeat());
        this.lastHeard = now();
    }

    // -- the agent speaks --

    void register(AgentToMaster.Register register, ActorRef<MasterToAgent> from) {
        carrier = Optional.of(from);
        heardFromAgent();
        if (!register.info().id().equals(agent)) {
            tell(new MasterToAgent.Refused("agent id: " + register.info().id() + " (expected: " + agent + ")"));
            return;
        }
        gathering.add(register).ifPresent(this::register);
    }

    private void register(AgentToMaster.Register whole) {
        String ask = registering.map(Registering::ask).orElse(whole.attempt());
        registering = Optional.of(new Registering(whole, ask, now()));
        ask(whole, ask);
    }

    void heartbeat(AgentToMaster.Heartbeat heartbeat, ActorRef<MasterToAgent> from) {
        if (isCurrent(heartbeat.session(), from)) {
            tell(new MasterToAgent.HeartbeatAnswer(session));
        }
    }

    void updates(AgentToMaster.Updates updates, ActorRef<MasterToAgent> from) {
        if (!isCurrent(updates.session(), from)) {
            return;
        }
        Map<FrameworkId, List<TaskStatus>> byFramework = new LinkedHashMap<>();
        for (TaskStatus status : updates.updates()) {
            TaskKey key = TaskKey.of(status.framework(), status.task());
            tasks.put(key, status.state());
            outbox.launched(key);
            byFramework
                    .computeIfAbsent(status.framework(), id -> new ArrayList<>())
                    .add(status);
        }
        byFramework.forEach(
                (framework, list) -> with.frameworks().accept(framework, new AgentReport.Updates(agent, list)));
        flush();
    }

    void received(AgentToMaster.Received received, ActorRef<MasterToAgent> from) {
        if (!isCurrent(received.session(), from)) {
            return;
        }
        Map<FrameworkId, List<TaskId>> launched = new LinkedHashMap<>();
        Map<FrameworkId, List<TaskId>> killed = new LinkedHashMap<>();
        for (TaskKey key : received.launched()) {
            if (outbox.launched(key)) {
                tasks.launched(key);
                add(launched, key);
            }
        }
        received.killed().stream().filter(outbox::killed).forEach(key -> add(killed, key));
        Set<FrameworkId> frameworks = new LinkedHashSet<>(launched.keySet());
        frameworks.addAll(killed.keySet());
        frameworks.forEach(framework -> with.frameworks()
                .accept(
                        framework,
                        new AgentReport.Received(
                                agent,
                                launched.getOrDefault(framework, List.of()),
                                killed.getOrDefault(framework, List.of()))));
        flush();
    }

    /** The agent stops on purpose: no new work for it at once. If it stays away it is given up like any other. */
    void leaving(AgentToMaster.Leaving leaving) {
        if (registered && leaving.session() == session) {
            log.info("agent.leaving agentId={}", agent);
            silent = true;
            offer(false);
        }
    }

    // -- the allocator answers --

    void admitted(SessionReply.Admitted admitted) {
        Optional<Registering> asked = registering.filter(mine -> mine.ask().equals(admitted.ask()));
        if (asked.isEmpty()) {
            return;
        }
        log.info("agent.registered agentId={} session={}", agent, admitted.session());
        registering = Optional.empty();
        givingUpSince = Optional.empty();
        session = admitted.session();
        registered = true;
        givenUp = false;
        silent = false;
        tasks.reset(asked.get().register().tasks());
        asked.get()
                .register()
                .tasks()
                .forEach(task -> outbox.launched(
                        TaskKey.of(task.info().framework(), task.info().id())));
        outbox.restart(now());
        admitted.unplaced().forEach(held -> held.tasks()
                .forEach(task -> outbox.kill(
                        new MasterToAgent.KillTask(TaskKey.of(held.framework(), task), Optional.empty()), now())));
        tell(new MasterToAgent.Registered(session, settings.heartbeat()));
        report(false, admitted.held());
        flush();
    }

    void refused(SessionReply.AdmitRefused refused) {
        if (registering.filter(mine -> mine.ask().equals(refused.ask())).isPresent()) {
            log.warn("agent.refused agentId={} reason={}", agent, refused.reason());
            registering = Optional.empty();
            tell(new MasterToAgent.Refused(refused.reason()));
        }
    }

    void markedUnreachable(SessionReply.MarkedUnreachable marked) {
        if (givingUpSince.isEmpty() || marked.session() != session) {
            return;
        }
        log.warn("agent.unreachable agentId={} silentMs={}", agent, silentFor().toMillis());
        givingUpSince = Optional.empty();
        givenUp = true;
        registered = false;
        outbox.clear();
        report(true, marked.held());
    }

    // -- frameworks speak --

    void work(SessionOrder.Work work) {
        List<TaskId> known = new ArrayList<>();
        for (TaskInfo task : work.launches()) {
            if (registered && tasks.contains(TaskKey.of(task.framework(), task.id()))) {
                known.add(task.id());
            } else if (!outbox.launch(task, now())) {
                log.warn("agent.outbox_full agentId={} taskId={}", agent, task.id());
            }
        }
        if (!known.isEmpty()) {
            with.frameworks().accept(work.framework(), new AgentReport.Received(agent, known, List.of()));
        }
        work.kills().forEach(kill -> {
            if (!outbox.kill(kill, now())) {
                log.warn("agent.outbox_full agentId={} taskId={}", agent, kill.task());
            }
        });
        if (registered && !work.acknowledgements().isEmpty()) {
            work.acknowledgements().forEach(update -> tasks.acknowledged(update.task()));
            Parts.of(work.acknowledgements()).forEach(part -> tell(new MasterToAgent.Acknowledge(session, part)));
        }
        flush();
    }

    void heard(SessionOrder.Heard heard) {
        if (heard.session() == session) {
            unheard.entrySet()
                    .removeIf(entry -> entry.getKey().framework().equals(heard.framework())
                            && entry.getKey().span().number() == heard.span()
                            && entry.getValue().gone() == heard.gone());
        }
    }

    // -- time passes --

    void wake() {
        if (registered) {
            offer(!silent);
        }
    }

    void tick() {
        Instant now = now();
        registering
                .filter(mine -> !mine.askedAt().plus(settings.repeat()).isAfter(now))
                .ifPresent(mine -> {
                    registering = Optional.of(new Registering(mine.register(), mine.ask(), now));
                    ask(mine.register(), mine.ask());
                });
        if (registered && !silent && silentFor().compareTo(settings.silentAfter()) > 0) {
            log.warn("agent.silent agentId={} silentMs={}", agent, silentFor().toMillis());
            silent = true;
            offer(false);
        }
        boolean due = givingUpSince
                .map(asked -> !asked.plus(settings.repeat()).isAfter(now))
                .orElse(!givenUp && silentFor().compareTo(settings.unreachableAfter()) > 0);
        if (due) {
            givingUpSince = Optional.of(now);
            with.allocator().accept(new AllocatorMessage.MarkUnreachable(agent, session, replies));
        }
        unheard.replaceAll(
                (topic, report) -> report.toldAt().plus(settings.repeat()).isAfter(now) ? report : tell(topic, report));
        flush();
    }

    private boolean isCurrent(long number, ActorRef<MasterToAgent> from) {
        if (!registered || number != session) {
            // A late word of an earlier session must not interrupt a registration that is under way.
            if (registering.isEmpty()) {
                from.tell(new MasterToAgent.RegisterAgain());
            }
            return false;
        }
        carrier = Optional.of(from);
        heardFromAgent();
        return true;
    }

    private void heardFromAgent() {
        lastHeard = now();
        givingUpSince = Optional.empty();
        if (registered && silent) {
            log.info("agent.speaks_again agentId={}", agent);
            silent = false;
            offer(true);
        }
    }

    private void offer(boolean offering) {
        with.allocator().accept(new AllocatorMessage.SetOffering(agent, session, offering, replies));
    }

    private void ask(AgentToMaster.Register register, String ask) {
        AllocatorMessage.Admit.of(
                        register.info(),
                        ask,
                        Math.max(session, register.lastSession()),
                        AgentTasks.running(register.tasks()),
                        replies)
                .forEach(with.allocator());
    }

    void outdated(SessionReply.Outdated outdated) {
        if (outdated.session() > session) {
            session = outdated.session();
            registered = false;
            tell(new MasterToAgent.RegisterAgain());
        }
    }

    private void report(boolean gone, List<SessionReply.HeldTasks> held) {
        Map<FrameworkId, List<TaskId>> concerned = new LinkedHashMap<>();
        tasks.frameworks().forEach(framework -> concerned.put(framework, List.of()));
        held.forEach(mine -> concerned.put(mine.framework(), mine.tasks()));
        unheard.clear();
        concerned.forEach((framework, list) -> {
            List<AgentReport.Span> spans = gone ? List.of(AgentReport.Span.ALL) : tasks.spans(framework, list);
            for (AgentReport.Span span : spans) {
                List<TaskId> within =
                        gone ? List.of() : list.stream().filter(span::contains).toList();
                Topic topic = new Topic(framework, span);
                unheard.put(topic, tell(topic, new Report(gone, within, now())));
            }
        });
    }

    private Report tell(Topic topic, Report report) {
        with.frameworks()
                .accept(
                        topic.framework(),
                        report.gone()
                                ? new AgentReport.AgentGone(agent, session)
                                : new AgentReport.AgentBack(
                                        agent,
                                        session,
                                        topic.span(),
                                        tasks.of(topic.framework(), topic.span()),
                                        report.held()));
        return new Report(report.gone(), report.held(), now());
    }

    private static void add(Map<FrameworkId, List<TaskId>> tasks, TaskKey key) {
        tasks.computeIfAbsent(key.framework(), id -> new ArrayList<>()).add(key.task());
    }

    private void flush() {
        if (!registered) {
            return;
        }
        Parts.of(outbox.dueLaunches(now())).forEach(part -> tell(new MasterToAgent.Launch(session, part)));
        Parts.of(outbox.dueKills(now())).forEach(part -> tell(new MasterToAgent.Kill(session, part)));
    }

    private void tell(MasterToAgent message) {
        carrier.ifPresent(ref -> ref.tell(message));
    }

    private Duration silentFor() {
        return Duration.between(lastHeard, now());
    }

    private Instant now() {
        return with.clock().instant();
    }
}
