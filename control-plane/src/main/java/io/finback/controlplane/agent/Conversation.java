package io.finback.controlplane.agent;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AgentTerms;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.allocation.WakeSession;
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

    private final AgentId agent;
    private final AgentSession.Collaborators with;
    private final AgentSettings settings;
    private final ActorRef<SessionReply> replies;
    private final Logger log;
    private final Outbox outbox;
    private final AgentTasks tasks = new AgentTasks();
    private final Gathering gathering = new Gathering();
    private final FrameworkReports reports;
    private final Drainage drainage = new Drainage();
    private final DestroyedVolumes destroyed;
    private final Silence silence;
    private Optional<ActorRef<MasterToAgent>> carrier = Optional.empty();
    private Optional<Registering> registering = Optional.empty();
    private Optional<String> removed = Optional.empty();
    private Optional<AgentTerms> unconfirmed = Optional.empty();
    private String lastAsk = "";
    private long session;
    private boolean registered;

    Conversation(AgentId agent, AgentSession.Collaborators with, ActorRef<SessionReply> replies, Logger log) {
        this.agent = agent;
        this.with = with;
        this.settings = with.settings();
        this.replies = replies;
        this.log = log;
        this.outbox = new Outbox(settings.maxPending(), settings.repeat());
        this.destroyed = new DestroyedVolumes(settings.repeat());
        this.reports = new FrameworkReports(agent, tasks, settings.repeat(), with.frameworks());
        this.silence = new Silence(settings, now());
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
        // As long as it is unanswered it is the same question, however often the agent tries.
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
                    .add(drainage.explained(status));
        }
        byFramework.forEach(
                (framework, list) -> with.frameworks().accept(framework, new AgentReport.Updates(agent, list)));
        flush();
    }

    void received(AgentToMaster.Received received, ActorRef<MasterToAgent> from) {
        if (!isCurrent(received.session(), from)) {
            return;
        }
        List<TaskKey> launched =
                received.launched().stream().filter(outbox::launched).toList();
        launched.forEach(tasks::launched);
        Map<FrameworkId, List<TaskId>> launches = AgentTasks.byFramework(launched);
        Map<FrameworkId, List<TaskId>> kills = AgentTasks.byFramework(
                received.killed().stream().filter(outbox::killed).toList());
        Set<FrameworkId> frameworks = new LinkedHashSet<>(launches.keySet());
        frameworks.addAll(kills.keySet());
        frameworks.forEach(framework -> with.frameworks()
                .accept(
                        framework,
                        new AgentReport.Received(
                                agent,
                                launches.getOrDefault(framework, List.of()),
                                kills.getOrDefault(framework, List.of()))));
        flush();
    }

    void executorMessage(AgentToMaster.ExecutorMessage message, ActorRef<MasterToAgent> from) {
        if (isCurrent(message.session(), from)) {
            with.frameworks()
                    .accept(
                            message.framework(),
                            new AgentReport.ExecutorMessage(agent, message.executor(), message.data()));
        }
    }

    /** The agent has done what it was told of volumes. */
    void emptied(AgentToMaster.VolumesDestroyed emptied, ActorRef<MasterToAgent> from) {
        if (isCurrent(emptied.session(), from)) {
            destroyed.heard(emptied.volumes());
            confirm();
        }
    }

    /** The agent stops on purpose: no new work for it at once, and time to come back in another version. */
    void leaving(AgentToMaster.Leaving leaving) {
        if (registered && leaving.session() == session) {
            log.info("agent.leaving agentId={} awaitedFor={}", agent, settings.returnWithin());
            silence.left();
            offer(false);
        }
    }

    // -- the allocator answers --

    void admitted(SessionReply.Admitted admitted) {
        Optional<Registering> asked = registering.filter(mine -> mine.ask().equals(admitted.ask()));
        if (asked.isEmpty()) {
            renumbered(admitted);
            return;
        }
        AgentToMaster.Register register = asked.get().register();
        log.info("agent.registered agentId={} session={}", agent, admitted.session());
        lastAsk = admitted.ask();
        registering = Optional.empty();
        silence.registered();
        session = admitted.session();
        registered = true;
        tasks.reset(register.tasks());
        register.tasks()
                .forEach(task -> outbox.launched(
                        TaskKey.of(task.info().framework(), task.info().id())));
        outbox.restart(now());
        drainage.restart();
        destroyed.restart();
        admitted.unplaced().forEach(held -> held.tasks()
                .forEach(task -> outbox.kill(
                        new MasterToAgent.KillTask(TaskKey.of(held.framework(), task), Optional.empty()), now())));
        tell(new MasterToAgent.Registered(session, settings.heartbeat()));
        reports.begin(FrameworkReports.News.BACK, session, admitted.held(), now());
        terms(admitted.terms(), admitted.held());
        flush();
    }

    /** The question was asked twice and answered twice: the larger number is the one the allocator knows. */
    private void renumbered(SessionReply.Admitted admitted) {
        if (registered && admitted.ask().equals(lastAsk) && admitted.session() > session) {
            session = admitted.session();
            reports.renumber(session);
            tell(new MasterToAgent.Registered(session, settings.heartbeat()));
        }
    }

    void refused(SessionReply.AdmitRefused refused) {
        if (registering.filter(mine -> mine.ask().equals(refused.ask())).isEmpty()) {
            return;
        }
        log.warn("agent.refused agentId={} removed={} reason={}", agent, refused.removed(), refused.reason());
        registering = Optional.empty();
        if (refused.removed()) {
            remove(refused.reason());
        } else {
            tell(new MasterToAgent.Refused(refused.reason()));
        }
    }

    void markedUnreachable(SessionReply.MarkedUnreachable marked) {
        if (!silence.isGivingUp() || marked.session() != session) {
            return;
        }
        log.warn(
                "agent.unreachable agentId={} silentMs={}",
                agent,
                silence.lasted(now()).toMillis());
        giveUp();
        reports.begin(FrameworkReports.News.UNREACHABLE, session, marked.held(), now());
    }

    void outdated(SessionReply.Outdated outdated) {
        numbered(outdated.session());
    }

    /** Operators want something of the agent, or the allocator has just begun. */
    void wake(WakeSession wake) {
        numbered(wake.session());
        terms(wake.terms(), wake.held());
        if (registered) {
            offer(!silence.isSilent());
        }
    }

    /** A number beyond ours: an answer to us was lost, or another session has spoken with the agent. It has to register anew. */
    private void numbered(long newest) {
        if (newest > session) {
            session = newest;
            if (registered) {
                log.info("agent.session_outdated agentId={} newest={}", agent, newest);
                registered = false;
                tell(new MasterToAgent.RegisterAgain());
            }
        }
    }

    private void terms(AgentTerms terms, List<SessionReply.HeldTasks> held) {
        drainage.set(terms.drain());
        removed = terms.removed();
        if (removed.isPresent() && !reports.isOf(FrameworkReports.News.REMOVED)) {
            remove(removed.get());
            reports.begin(FrameworkReports.News.REMOVED, session, held, now());
        }
        drainage.kill(tasks, outbox, now());
        destroyed.set(terms.destroyed());
        unconfirmed = terms.equals(AgentTerms.NONE) ? Optional.empty() : Optional.of(terms);
        confirm();
        flush();
    }

    private void remove(String reason) {
        log.warn("agent.removed agentId={} reason={}", agent, reason);
        removed = Optional.of(reason);
        giveUp();
        tell(new MasterToAgent.Shutdown(reason));
    }

    private void giveUp() {
        silence.givenUp();
        registered = false;
        outbox.clear();
    }

    private void confirm() {
        if (removed.isEmpty() ? destroyed.allHeard() : reports.allHeard()) {
            unconfirmed.ifPresent(terms -> with.allocator().accept(new AllocatorMessage.TermsHeard(agent, terms)));
            unconfirmed = Optional.empty();
        }
    }

    // -- frameworks speak --

    void work(SessionOrder.Work work) {
        List<TaskInfo> refused =
                removed.isPresent() ? work.launches() : drainage.refused(work.launches(), tasks, outbox);
        if (!refused.isEmpty()) {
            String reason = removed.isPresent() ? "AGENT_REMOVED" : Drainage.REASON;
            with.frameworks()
                    .accept(
                            work.framework(),
                            new AgentReport.Dropped(
                                    agent,
                                    refused.stream().map(TaskInfo::id).toList(),
                                    reason,
                                    "never reached the agent"));
        }
        launch(
                work.framework(),
                work.launches().stream().filter(task -> !refused.contains(task)).toList());
        work.kills().forEach(kill -> {
            if (removed.isEmpty() && !outbox.kill(drainage.capped(kill), now())) {
                log.warn("agent.outbox_full agentId={} task={}", agent, kill.task());
            }
        });
        if (registered && !work.acknowledgements().isEmpty()) {
            work.acknowledgements().forEach(update -> tasks.acknowledged(update.task()));
            Parts.of(work.acknowledgements()).forEach(part -> tell(new MasterToAgent.Acknowledge(session, part)));
        }
        flush();
    }

    private void launch(FrameworkId framework, List<TaskInfo> launches) {
        List<TaskId> known = new ArrayList<>();
        for (TaskInfo task : launches) {
            if (registered && tasks.contains(TaskKey.of(task.framework(), task.id()))) {
                known.add(task.id());
            } else if (!outbox.launch(task, now())) {
                log.warn("agent.outbox_full agentId={} taskId={}", agent, task.id());
            }
        }
        if (!known.isEmpty()) {
            with.frameworks().accept(framework, new AgentReport.Received(agent, known, List.of()));
        }
    }

    void message(SessionOrder.Message message) {
        if (registered) {
            tell(new MasterToAgent.FrameworkMessage(session, message.framework(), message.executor(), message.data()));
        }
    }

    void heard(SessionOrder.Heard heard) {
        reports.heard(heard);
        confirm();
    }

    // -- time passes --

    void tick() {
        Instant now = now();
        registering
                .filter(mine -> !mine.askedAt().plus(settings.repeat()).isAfter(now))
                .ifPresent(mine -> {
                    registering = Optional.of(new Registering(mine.register(), mine.ask(), now));
                    ask(mine.register(), mine.ask());
                });
        if (registered && silence.begins(now)) {
            log.warn(
                    "agent.silent agentId={} silentMs={}",
                    agent,
                    silence.lasted(now).toMillis());
            offer(false);
        }
        if (silence.givingUpIsDue(now)) {
            with.allocator().accept(new AllocatorMessage.MarkUnreachable(agent, session, replies));
        }
        reports.repeat(now);
        drainage.kill(tasks, outbox, now);
        flush();
    }

    private boolean isCurrent(long number, ActorRef<MasterToAgent> from) {
        if (removed.isPresent()) {
            from.tell(new MasterToAgent.Shutdown(removed.get()));
            return false;
        }
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
        if (silence.heard(now()) && registered) {
            log.info("agent.speaks_again agentId={}", agent);
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

    private void flush() {
        if (!registered) {
            return;
        }
        // Before launches: one of them may have a new volume of the same name.
        Parts.of(destroyed.due(now())).forEach(part -> tell(new MasterToAgent.DestroyVolumes(session, part)));
        Parts.of(outbox.dueLaunches(now())).forEach(part -> tell(new MasterToAgent.Launch(session, part)));
        Parts.of(outbox.dueKills(now())).forEach(part -> tell(new MasterToAgent.Kill(session, part)));
    }

    private void tell(MasterToAgent message) {
        carrier.ifPresent(ref -> ref.tell(message));
    }

    private Instant now() {
        return with.clock().instant();
    }
}
