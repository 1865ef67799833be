package io.finback.runtime;

import akka.actor.AddressFromURIString;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.JoinSeedNodes;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.runtime.MembershipMessage.WhoAreYou;
import io.finback.settings.ClusterSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Brings the first of several seeds into the cluster, or forms it, by {@link FirstSeedRule}. On that master alone; it ends when this master is a
 * member. Keeps nothing over a restart.
 */
final class FirstSeed extends AbstractBehavior<FirstSeed.Command> {
    static final String NAME = "finback-first-seed";

    private static final Duration PERIOD = Duration.ofMillis(250);
    private static final Duration ANSWER_VALID = Duration.ofSeconds(2);
    private static final Duration JOIN_TAKES = Duration.ofSeconds(2);

    sealed interface Command {}

    private enum Tick implements Command {
        TICK
    }

    private record Answered(IAm answer) implements Command {}

    private record Heard(IAm answer, long atNanos) {}

    private final Cluster cluster;
    private final Incarnation self;
    private final ActorRef<IAm> answers;
    private final akka.actor.ActorSystem classic;
    private final List<String> others;
    private final Duration aloneAfter;
    private final Map<String, Heard> heard = new HashMap<>();
    private final long startedNanos = System.nanoTime();
    private long waitingSince = startedNanos;
    private long joinAskedNanos = System.nanoTime() - JOIN_TAKES.toNanos();
    private boolean warned;

    private FirstSeed(ActorContext<Command> context, TimerScheduler<Command> timers, ClusterSettings settings) {
        super(context);
        context.setLoggerName(FirstSeed.class);
        cluster = Cluster.get(context.getSystem());
        self = Incarnation.of(cluster.selfMember().uniqueAddress());
        answers = context.messageAdapter(IAm.class, Answered::new);
        classic = Adapter.toClassic(context.getSystem());
        others = settings.seeds().stream()
                .skip(1)
                .map(seed -> "akka://" + ClusterSystem.NAME + "@" + seed)
                .toList();
        aloneAfter = settings.aloneAfter();
        timers.startTimerWithFixedDelay(Tick.TICK, PERIOD);
    }

    static Behavior<Command> create(ClusterSettings settings) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new FirstSeed(context, timers, settings)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(Answered.class, this::onAnswered)
                .build();
    }

    private Behavior<Command> onAnswered(Answered answered) {
        heard.put(answered.answer().self().address(), new Heard(answered.answer(), System.nanoTime()));
        return this;
    }

    private Behavior<Command> onTick() {
        for (Member member : cluster.state().getMembers()) {
            if (Incarnation.of(member.uniqueAddress()).equals(self)) {
                return Behaviors.stopped();
            }
        }
        long now = System.nanoTime();
        heard.values().removeIf(answer -> now - answer.atNanos() > ANSWER_VALID.toNanos());
        for (String other : others) {
            classic.actorSelection(other + "/system/" + MembershipResponder.NAME)
                    .tell(new WhoAreYou(self, answers), akka.actor.ActorRef.noSender());
        }
        List<IAm> latest = heard.values().stream().map(Heard::answer).toList();
        int seeds = others.size() + 1;
        Duration waited = Duration.ofNanos(now - waitingSince);
        if (seeds > 2 && !FirstSeedRule.mostOutside(seeds, latest)) {
            if (!warned && now - startedNanos >= aloneAfter.toNanos()) {
                warned = true;
                getContext()
                        .getLog()
                        .warn("cluster.no_majority seeds={} answering={} next=wait_for_more", seeds, latest.size() + 1);
            }
            waitingSince = now;
            waited = Duration.ZERO;
        }
        FirstSeedRule.Verdict verdict = FirstSeedRule.decide(seeds, latest, waited, aloneAfter);
        if (verdict instanceof FirstSeedRule.Verdict.Join join) {
            join(join.addresses(), now);
        } else if (verdict == FirstSeedRule.Verdict.Form.FORM) {
            getContext().getLog().info("cluster.formed seeds={} answering={}", seeds, latest.size());
            cluster.manager().tell(Join.create(AddressFromURIString.parse(self.address())));
        }
        return this;
    }

    private void join(List<String> addresses, long now) {
        if (now - joinAskedNanos >= JOIN_TAKES.toNanos()) {
            joinAskedNanos = now;
            cluster.manager()
                    .tell(new JoinSeedNodes(
                            addresses.stream().map(AddressFromURIString::parse).toList()));
        }
    }
}
