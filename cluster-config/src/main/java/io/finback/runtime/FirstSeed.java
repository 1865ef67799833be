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
import io.finback.persistence.ClusterTable.Entry;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.runtime.MembershipMessage.WhoAreYou;
import io.finback.settings.ClusterSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Brings the first of several seeds, or a lone master, into the cluster, or forms it, by {@link FirstSeedRule} and, where masters share a database,
 * {@link ClaimRule}. On that master alone; it ends when this master is a member. Keeps nothing over a restart.
 */
final class FirstSeed extends AbstractBehavior<FirstSeed.Command> {
    static final String NAME = "finback-first-seed";

    private static final Duration PERIOD = Duration.ofMillis(250);
    private static final Duration ANSWER_VALID = Duration.ofSeconds(2);
    private static final Duration JOIN_TAKES = Duration.ofSeconds(2);
    /** Whoever holds the row is asked, too; no cluster has more masters. */
    private static final int MOST_HOLDERS = 9;

    sealed interface Command {}

    private enum Tick implements Command {
        TICK
    }

    private record Answered(IAm answer) implements Command {}

    private record Claimed(Claims.Outcome outcome) implements Command {}

    private record NotClaimed(Throwable reason) implements Command {}

    private record Heard(IAm answer, long atNanos) {}

    private final Cluster cluster;
    private final Incarnation self;
    private final ActorRef<IAm> answers;
    private final akka.actor.ActorSystem classic;
    private final List<String> others;
    private final Duration aloneAfter;
    private final Optional<Claims> claims;
    private final Map<String, Heard> heard = new HashMap<>();
    private final long startedNanos = System.nanoTime();
    private long waitingSince = startedNanos;
    private long joinAskedNanos = System.nanoTime() - JOIN_TAKES.toNanos();
    private final Set<String> holders = new HashSet<>();
    private boolean warned;
    private boolean claiming;
    private boolean formed;
    private String told = "";

    private FirstSeed(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ClusterSettings settings,
            Optional<Claims> claims) {
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
        this.claims = claims;
        timers.startTimerWithFixedDelay(Tick.TICK, PERIOD);
        context.getSelf().tell(Tick.TICK);
    }

    /** {@code claims} is empty where no other master shares the journal. */
    static Behavior<Command> create(ClusterSettings settings, Optional<Claims> claims) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new FirstSeed(context, timers, settings, claims)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(Answered.class, this::onAnswered)
                .onMessage(Claimed.class, this::onClaimed)
                .onMessage(NotClaimed.class, this::onNotClaimed)
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
        Set<String> asked = new HashSet<>(others);
        asked.addAll(holders);
        for (String other : asked) {
            classic.actorSelection(other + "/system/" + MembershipResponder.NAME)
                    .tell(new WhoAreYou(self, answers), akka.actor.ActorRef.noSender());
        }
        // A master that is no seed has no vote, but may be whom to join.
        List<IAm> latest = heard.values().stream()
                .map(Heard::answer)
                .filter(answer ->
                        answer.member() || others.contains(answer.self().address()))
                .toList();
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
            if (claims.isPresent()) {
                claim(claims.get());
            } else {
                form();
            }
        }
        return this;
    }

    private void claim(Claims with) {
        if (!claiming) {
            claiming = true;
            List<IAm> answers = heard.values().stream().map(Heard::answer).toList();
            getContext()
                    .pipeToSelf(
                            with.take(self, answers),
                            (outcome, failure) -> failure == null ? new Claimed(outcome) : new NotClaimed(failure));
        }
    }

    private Behavior<Command> onClaimed(Claimed claimed) {
        claiming = false;
        if (claimed.outcome() instanceof Claims.Outcome.Held held) {
            if (!others.isEmpty()) {
                held.entry().ifPresent(entry -> entry.masters().stream()
                        .map(Incarnation::parse)
                        .flatMap(Optional::stream)
                        .map(Incarnation::address)
                        .filter(address -> !address.equals(self.address()))
                        .limit(MOST_HOLDERS)
                        .forEach(holders::add));
            }
            tell("cluster.held masters="
                    + held.entry().map(Entry::masters).orElse(List.of())
                    + " next=wait until they answer, or no longer renew their claim; if they are another cluster, give this"
                    + " master a database of its own");
        } else {
            form();
        }
        return this;
    }

    /** The database is away, and with it what this master would serve. */
    private Behavior<Command> onNotClaimed(NotClaimed failed) {
        claiming = false;
        tell("cluster.not_claimed reason='" + failed.reason() + "' next=try_again");
        return this;
    }

    private void form() {
        if (!formed) {
            formed = true;
            getContext().getLog().info("cluster.formed seeds={} answering={}", others.size() + 1, heard.size());
        }
        cluster.manager().tell(Join.create(AddressFromURIString.parse(self.address())));
    }

    /** Once, as long as it stays the same. */
    private void tell(String line) {
        if (!line.equals(told)) {
            told = line;
            getContext().getLog().warn(line);
        }
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
