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
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.JoinSeedNodes;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.runtime.MembershipMessage.WhoAreYou;
import io.finback.runtime.MembershipRule.Verdict;
import io.finback.runtime.MembershipRule.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Brings one incarnation of a {@link ClusterLink} into the cluster and sees when that cluster is gone. It asks every seed (or whom
 * {@link MasterLookup} finds) and every known master who they are, twice a second: Akka itself would ask the seeds only until it has joined once, and would notice a
 * restarted lone master only by its failure detector and the split brain resolver, some ten seconds later. One per incarnation;
 * keeps nothing over a restart.
 */
final class MembershipProbe extends AbstractBehavior<MembershipProbe.Command> {
    static final Duration PERIOD = Duration.ofMillis(500);
    static final Duration PERIOD_UNTIL_JOINED = Duration.ofMillis(250);

    /** The reason when all masters that answer say that this one is no member. */
    static final String FORGOTTEN = "forgotten";

    private static final Duration ANSWER_VALID = Duration.ofSeconds(2);
    private static final Duration ASK_EVERY = Duration.ofSeconds(1);
    private static final Duration JOIN_TAKES = Duration.ofSeconds(2);
    private static final int MAX_TARGETS = 16;
    /** Being forgotten must last: gossip and answers may cross. */
    private static final int FORGOTTEN_ROUNDS = 8;

    sealed interface Command {}

    private enum Tick implements Command {
        TICK
    }

    private record Answered(IAm answer) implements Command {}

    private record Found(List<String> addresses) implements Command {}

    private record NotFound(String reason) implements Command {}

    /** What the owner of the incarnation hears; called on the actor's thread. */
    interface Listener {
        void up();

        void clusterIsGone(String reason);

        /** Which masters answered within the last seconds, and which members that are masters did not; by address, at every look while it is up. */
        void hears(Set<String> answering, Set<String> silent);
    }

    private record Heard(IAm answer, long atNanos) {}

    private final MasterLookup masters;
    private final Listener listener;
    private final TimerScheduler<Command> timers;
    private final Cluster cluster;
    private final Incarnation self;
    private final ActorRef<IAm> answers;
    private final akka.actor.ActorSystem classic;
    private final Map<String, Heard> heard = new HashMap<>();
    private long joinAskedNanos = System.nanoTime() - JOIN_TAKES.toNanos();
    private List<String> seeds;
    private long askedNanos = System.nanoTime() - ASK_EVERY.toNanos();
    private boolean asking;
    private int lookupFailures;
    private int forgottenRounds;
    private boolean up;
    private boolean over;

    private MembershipProbe(
            ActorContext<Command> context, TimerScheduler<Command> timers, MasterLookup masters, Listener listener) {
        super(context);
        this.timers = timers;
        this.masters = masters;
        seeds = masters.seeds();
        this.listener = listener;
        cluster = Cluster.get(context.getSystem());
        self = Incarnation.of(cluster.selfMember().uniqueAddress());
        answers = context.messageAdapter(IAm.class, Answered::new);
        classic = Adapter.toClassic(context.getSystem());
    }

    static Behavior<Command> create(MasterLookup masters, Listener listener) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            context.getSelf().tell(Tick.TICK);
            return new MembershipProbe(context, timers, masters, listener);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(Answered.class, this::onAnswered)
                .onMessage(Found.class, this::onFound)
                .onMessage(NotFound.class, this::onNotFound)
                .build();
    }

    private Behavior<Command> onTick() {
        View view = view();
        long now = System.nanoTime();
        heard.values().removeIf(answer -> now - answer.atNanos() > ANSWER_VALID.toNanos());
        if (masters.asks() && heard.isEmpty() && !asking && now - askedNanos >= ASK_EVERY.toNanos()) {
            askForMasters(now);
        }
        boolean nowUp = cluster.selfMember().status().equals(MemberStatus.up());
        if (nowUp && !up) {
            up = true;
            listener.up();
        }
        forgottenRounds = nowUp && MembershipRule.forgotten(view, latest()) ? forgottenRounds + 1 : 0;
        if (forgottenRounds >= FORGOTTEN_ROUNDS) {
            end(FORGOTTEN);
        }
        if (nowUp) {
            tellWhoAnswers(view);
        }
        for (String target : targets(view)) {
            // A selection, because nothing else passes to the new incarnation of an address whose old one is
            // quarantined.
            classic.actorSelection(target + "/system/" + MembershipResponder.NAME)
                    .tell(new WhoAreYou(self, answers), akka.actor.ActorRef.noSender());
        }
        timers.startSingleTimer(Tick.TICK, up ? PERIOD : PERIOD_UNTIL_JOINED);
        return this;
    }

    private void tellWhoAnswers(View view) {
        Set<String> silent = new TreeSet<>();
        view.masters().keySet().forEach(master -> silent.add(master.address()));
        silent.removeAll(heard.keySet());
        listener.hears(Set.copyOf(heard.keySet()), silent);
    }

    /** Only while no master answers: whoever answers also knows the others. */
    private void askForMasters(long now) {
        asking = true;
        askedNanos = now;
        getContext()
                .pipeToSelf(
                        masters.ask(getContext().getSystem()),
                        (found, failure) -> failure == null ? new Found(found) : new NotFound(failure.toString()));
    }

    private Behavior<Command> onFound(Found found) {
        asking = false;
        lookupFailures = 0;
        // An empty answer is no reason to forget where masters were.
        if (!found.addresses().isEmpty()) {
            seeds = found.addresses();
        }
        return this;
    }

    private Behavior<Command> onNotFound(NotFound failure) {
        asking = false;
        if (lookupFailures++ == 0) {
            getContext().getLog().warn("cluster.masters_not_found reason=\"{}\" next=ask_again", failure.reason());
        }
        return this;
    }

    private Behavior<Command> onAnswered(Answered answered) {
        heard.put(answered.answer().self().address(), new Heard(answered.answer(), System.nanoTime()));
        Verdict verdict = MembershipRule.decide(view(), latest());
        if (verdict instanceof Verdict.Join join) {
            join(join.addresses());
        } else if (verdict == Verdict.Rejoin.REJOIN) {
            end("masters_replaced");
        }
        return this;
    }

    /** Through Akka's own seed protocol, which compares the configurations; the seed is known to answer, so it is one round trip. */
    private void join(List<String> addresses) {
        long now = System.nanoTime();
        if (now - joinAskedNanos < JOIN_TAKES.toNanos()) {
            return;
        }
        joinAskedNanos = now;
        cluster.manager()
                .tell(new JoinSeedNodes(
                        addresses.stream().map(AddressFromURIString::parse).toList()));
    }

    private void end(String reason) {
        if (!over) {
            over = true;
            listener.clusterIsGone(reason);
        }
    }

    private List<IAm> latest() {
        return heard.values().stream().map(Heard::answer).toList();
    }

    private Set<String> targets(View view) {
        Set<String> targets = new LinkedHashSet<>(seeds);
        view.masters().keySet().forEach(master -> targets.add(master.address()));
        return targets.size() <= MAX_TARGETS
                ? targets
                : new LinkedHashSet<>(new ArrayList<>(targets).subList(0, MAX_TARGETS));
    }

    private View view() {
        boolean joined = false;
        Map<Incarnation, Boolean> masters = new HashMap<>();
        Set<Member> unreachable = cluster.state().getUnreachable();
        for (Member member : cluster.state().getMembers()) {
            Incarnation incarnation = Incarnation.of(member.uniqueAddress());
            joined |= incarnation.equals(self);
            if (member.hasRole(Role.MASTER.id()) && !member.status().equals(MemberStatus.down())) {
                masters.put(incarnation, !unreachable.contains(member));
            }
        }
        return new View(joined, masters);
    }
}
