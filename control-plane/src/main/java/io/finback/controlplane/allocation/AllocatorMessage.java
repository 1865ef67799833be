package io.finback.controlplane.allocation;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.controlplane.allocator.Explanation;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.wire.AgentInfo;
import io.finback.wire.Parts;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the allocator entity understands (entity id = pool, {@link #POOL} unless more are configured). Everything in here may be
 * repeated without harm; the sender repeats what it needs answered.
 */
public sealed interface AllocatorMessage extends WireMessage {
    EntityTypeKey<AllocatorMessage> KEY = EntityTypeKey.create(AllocatorMessage.class, "Allocator");
    String POOL = "default";

    /** Calls the one method of {@code handler} that is for this message: a new message breaks every handler until it decides. */
    void deliver(Handler handler);

    /** One method per message. */
    interface Handler {
        void admit(Admit message);

        void markUnreachable(MarkUnreachable message);

        void setOffering(SetOffering message);

        void termsHeard(TermsHeard message);

        void wakeSessions(WakeSessions message);

        void interest(Interest message);

        void noInterest(NoInterest message);

        void claim(Claim message);

        void decline(Decline message);

        void answerInverse(AnswerInverse message);

        void revive(Revive message);

        void release(Release message);

        void operate(Operate message);

        void describe(Describe message);

        void explain(Explain message);

        void tick(Tick message);
    }

    /**
     * A session wants its agent admitted, or known to be back. Answered by {@link SessionReply.Admitted}, which numbers the session, or
     * {@link SessionReply.AdmitRefused}. Comes in as many messages as it needs to stay below a frame; nothing happens before all {@code
     * parts} of one {@code ask} are there.
     *
     * @param ask names this question; asked again by the same name while its answer is still the newest, the number is the same
     * @param part which one this is, from 1
     * @param lastSession the largest session number that agent and session have seen; the new one is larger
     * @param running what runs on the agent, spread over the parts, whether the allocator knows of it or not
     */
    record Admit(
            AgentInfo info,
            String ask,
            int part,
            int parts,
            long lastSession,
            List<RunningTask> running,
            ActorRef<SessionReply> replyTo)
            implements AllocatorMessage, Ingress.Heavy {
        public Admit {
            running = List.copyOf(running);
        }

        /** All messages of one question. */
        public static List<Admit> of(
                AgentInfo info,
                String ask,
                long lastSession,
                List<RunningTask> running,
                ActorRef<SessionReply> replyTo) {
            List<List<RunningTask>> cut = Parts.of(running);
            int parts = Math.max(1, cut.size());
            return IntStream.range(0, parts)
                    .mapToObj(part -> new Admit(
                            info,
                            ask,
                            part + 1,
                            parts,
                            lastSession,
                            cut.isEmpty() ? List.of() : cut.get(part),
                            replyTo))
                    .toList();
        }

        @Override
        public int weight() {
            return 1 + running.size();
        }

        @Override
        public void deliver(Handler handler) {
            handler.admit(this);
        }
    }

    record RunningTask(FrameworkId framework, TaskId task, Resources resources, String role) {}

    /**
     * The agent has been silent for too long. Answered by {@link SessionReply.MarkedUnreachable} once that is so (agents are removed no
     * faster than allowed, so the session asks again), or {@link SessionReply.Outdated}.
     *
     * @param session fences ghosts: of two sessions for one agent only the one with the largest number is heard
     */
    record MarkUnreachable(AgentId agent, long session, ActorRef<SessionReply> replyTo) implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.markUnreachable(this);
        }
    }

    /** The agent answers and may be offered, or is silent (or leaving) and may not. Not durable; answered only if Outdated. */
    record SetOffering(AgentId agent, long session, boolean offering, ActorRef<SessionReply> replyTo)
            implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.setOffering(this);
        }
    }

    /**
     * The session does what operators want of its agent, and everybody concerned has heard; until this comes, {@link WakeSession} is
     * repeated. Not answered; durable is that volumes have been emptied.
     */
    record TermsHeard(AgentId agent, AgentTerms terms) implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.termsHeard(this);
        }
    }

    /** A master has ended, and the sessions on it with it: {@link WakeSession} goes to the session of every agent. Not answered. */
    record WakeSessions() implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.wakeSessions(this);
        }
    }

    /**
     * The framework's scheduler is there. A lease: said again every second or so, forgotten some seconds after the last time.
     * Answered by {@link AllocationEvent.Welcome}.
     *
     * @param spec what it wants; replaces what it said before
     */
    record Interest(FrameworkId framework, ClientSpec spec, ActorRef<AllocationEvent> replyTo)
            implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.interest(this);
        }
    }

    /** The framework's scheduler is gone: its offers and filters end. */
    record NoInterest(FrameworkId framework) implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.noInterest(this);
        }
    }

    /**
     * Uses standing offers of one agent and role, step by step. Answered by {@link AllocationEvent.ClaimAnswered}.
     *
     * @param number the framework's own, for the answer
     * @param claimant what it may do to resources
     */
    record Claim(
            FrameworkId framework,
            long number,
            AgentId agent,
            List<OfferId> offers,
            List<ClaimStep> steps,
            Duration refuse,
            Claimant claimant,
            ActorRef<AllocationEvent> replyTo)
            implements AllocatorMessage, Ingress.Heavy {
        public Claim {
            offers = List.copyOf(offers);
            steps = List.copyOf(steps);
        }

        @Override
        public int weight() {
            int tasks = 0;
            for (ClaimStep step : steps) {
                tasks += step.tasks().size();
            }
            return 1 + steps.size() + tasks;
        }

        @Override
        public void deliver(Handler handler) {
            handler.claim(this);
        }
    }

    /**
     * For whom resources are changed.
     *
     * @param roles it may reserve for these only
     * @param principal present: reservations and volumes must name it
     * @param mayShare it may create shared volumes
     */
    record Claimant(Set<String> roles, Optional<String> principal, boolean mayShare) {
        public Claimant {
            roles = Set.copyOf(roles);
        }
    }

    /** Resources for tasks, or (if present) a change of resources. */
    record ClaimStep(List<ClaimedTask> tasks, Optional<ResourceOperation> change) {
        public ClaimStep {
            tasks = List.copyOf(tasks);
        }
    }

    record ClaimedTask(TaskId task, Resources resources) {}

    record Decline(FrameworkId framework, List<OfferId> offers, Duration refuse) implements AllocatorMessage {
        public Decline {
            offers = List.copyOf(offers);
        }

        @Override
        public void deliver(Handler handler) {
            handler.decline(this);
        }
    }

    /** Whether the framework leaves in time; recorded for operators. Not again asked for {@code refuse}. */
    record AnswerInverse(FrameworkId framework, List<OfferId> inverseOffers, boolean accepted, Duration refuse)
            implements AllocatorMessage {
        public AnswerInverse {
            inverseOffers = List.copyOf(inverseOffers);
        }

        @Override
        public void deliver(Handler handler) {
            handler.answerInverse(this);
        }
    }

    /** Forgets the framework's filters of these roles; none named: of all. */
    record Revive(FrameworkId framework, Set<String> roles) implements AllocatorMessage {
        public Revive {
            roles = Set.copyOf(roles);
        }

        @Override
        public void deliver(Handler handler) {
            handler.revive(this);
        }
    }

    /** These tasks have ended. Answered by {@link AllocationEvent.Released}. */
    record Release(FrameworkId framework, List<TaskId> tasks, ActorRef<AllocationEvent> replyTo)
            implements AllocatorMessage, Ingress.Heavy {
        public Release {
            tasks = List.copyOf(tasks);
        }

        @Override
        public int weight() {
            return 1 + tasks.size();
        }

        @Override
        public void deliver(Handler handler) {
            handler.release(this);
        }
    }

    record Operate(OperatorCommand command, ActorRef<OperatorReply> replyTo) implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.operate(this);
        }
    }

    /** Asks for everything a view has to know, in parts. */
    record Describe(ActorRef<AllocationDelta> replyTo) implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.describe(this);
        }
    }

    /** Asks why a role, or only one framework in it, is offered nothing. */
    record Explain(String role, Optional<FrameworkId> framework, ActorRef<Explained> replyTo)
            implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.explain(this);
        }
    }

    /** Answers {@link Explain}; as of the last allocation pass. */
    record Explained(Explanation explanation) implements WireMessage {}

    /** The allocator's own clock: an allocation pass, expiries, or news for the view are due. */
    record Tick() implements AllocatorMessage {
        @Override
        public void deliver(Handler handler) {
            handler.tick(this);
        }
    }
}
