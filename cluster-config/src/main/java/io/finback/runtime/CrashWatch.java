package io.finback.runtime;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import io.finback.runtime.CrashRule.Evidence;
import io.finback.runtime.MembershipMessage.DoYouHear;
import io.finback.runtime.MembershipMessage.Hears;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.runtime.MembershipMessage.WhoAreYou;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Notices within a second that another master's process has ended, and within some four that its machine is lost or cut off, and has it removed
 * from the cluster: the failure detector alone, which must not mistake a pause for an end, takes some five seconds, and the split brain resolver five more. It asks every other master who it
 * is, four times a second; one that stays silent is called at its port, and {@link CrashRule} decides what a refusal means. One on every
 * master. Keeps nothing over a restart.
 */
final class CrashWatch extends AbstractBehavior<CrashWatch.Command> {
    static final String NAME = "finback-crash-watch";
    static final Duration PERIOD = Duration.ofMillis(250);

    /** Three questions unanswered. Akka's queues make one that is busy answer late, not never. */
    private static final Duration SUSPECT_AFTER = Duration.ofMillis(750);

    private static final Duration HEARD_WITHIN = Duration.ofSeconds(1);
    private static final Duration CALL_TAKES = Duration.ofMillis(500);

    /** {@link MembershipMessage.DoYouHear} comes from other masters, the rest from this one. */
    interface Command {}

    private enum Tick implements Command {
        TICK
    }

    private record Answered(IAm answer) implements Command {}

    private record Told(Hears said) implements Command {}

    private record Called(String address, Outcome outcome) implements Command {}

    /** Of a connection to a master's port. */
    private enum Outcome {
        /** Its machine has no process there. */
        REFUSED,
        /** Its machine is there, and so is a process, be it slow or stopped. */
        TAKEN,
        /** Nothing has answered. */
        UNANSWERED
    }

    /** Of one address. */
    private static final class Seen {
        private final Incarnation incarnation;
        private final Address address;
        private long answeredNanos;
        private int refusals;
        private boolean unanswered;
        private long unansweredSince;
        private final Map<String, Long> deniedNanos = new HashMap<>();
        private boolean calling;
        private long callingSince;
        private boolean told;

        Seen(Incarnation incarnation, Address address, long now) {
            this.incarnation = incarnation;
            this.address = address;
            answeredNanos = now;
        }

        boolean heard(long now) {
            return now - answeredNanos < HEARD_WITHIN.toNanos();
        }

        Evidence evidence(String name, long now) {
            deniedNanos.values().removeIf(said -> now - said > HEARD_WITHIN.toNanos());
            return new Evidence(
                    name,
                    heard(now),
                    refusals,
                    Duration.ofNanos(unanswered ? now - unansweredSince : 0),
                    deniedNanos.keySet());
        }
    }

    private final Cluster cluster;
    private final Incarnation self;
    private final ActorRef<IAm> answers;
    private final ActorRef<Hears> hearsay;
    private final akka.actor.ActorSystem classic;
    private final Executor blocking;
    private final Map<String, Seen> others = new HashMap<>();

    private CrashWatch(ActorContext<Command> context) {
        super(context);
        context.setLoggerName(CrashWatch.class);
        cluster = Cluster.get(context.getSystem());
        self = Incarnation.of(cluster.selfMember().uniqueAddress());
        answers = context.messageAdapter(IAm.class, Answered::new);
        hearsay = context.messageAdapter(Hears.class, Told::new);
        classic = Adapter.toClassic(context.getSystem());
        blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
    }

    static Behavior<Command> create() {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.TICK, PERIOD);
            return new CrashWatch(context);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(Answered.class, this::onAnswered)
                .onMessage(Called.class, this::onCalled)
                .onMessage(DoYouHear.class, this::onDoYouHear)
                .onMessage(Told.class, this::onTold)
                .onSignal(akka.actor.typed.PostStop.class, stopped -> {
                    others.keySet().forEach(CrashedMasters::remove);
                    return this;
                })
                .build();
    }

    private Behavior<Command> onTick() {
        long now = System.nanoTime();
        Set<String> members = new HashSet<>();
        for (Member member : cluster.state().getMembers()) {
            Incarnation incarnation = Incarnation.of(member.uniqueAddress());
            if (member.hasRole(Role.MASTER.id())
                    && !incarnation.equals(self)
                    && !member.status().equals(MemberStatus.joining())) {
                members.add(incarnation.address());
                Seen seen = others.get(incarnation.address());
                if (seen == null || !seen.incarnation.equals(incarnation)) {
                    others.put(incarnation.address(), new Seen(incarnation, member.address(), now));
                    CrashedMasters.remove(incarnation.address());
                }
            }
        }
        others.keySet().removeIf(address -> {
            if (!members.contains(address)) {
                CrashedMasters.remove(address);
                return true;
            }
            return false;
        });
        others.forEach((address, seen) -> {
            // As MembershipProbe: a selection passes to a new incarnation, too.
            classic.actorSelection(address + "/system/" + MembershipResponder.NAME)
                    .tell(new WhoAreYou(self, answers), akka.actor.ActorRef.noSender());
            if (now - seen.answeredNanos > SUSPECT_AFTER.toNanos() && !seen.calling) {
                seen.calling = true;
                seen.callingSince = now;
                call(seen.address);
            }
        });
        // A call that nothing answers takes a while to say so.
        askOfTheCut(now);
        remove(now);
        return this;
    }

    /** Asks every master that is heard whether it hears those that nothing answers for. */
    private void askOfTheCut(long now) {
        others.forEach((address, cut) -> {
            if (CrashRule.isCut(cut.evidence(address, now))) {
                others.forEach((witness, seen) -> {
                    if (seen.heard(now)) {
                        classic.actorSelection(witness + "/system/" + NAME)
                                .tell(new DoYouHear(address, hearsay), akka.actor.ActorRef.noSender());
                    }
                });
            }
        });
    }

    private void call(Address address) {
        String name = address.toString();
        String host = address.getHost().orElse("");
        int port = address.getPort().orElse(0);
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> tried(host, port), blocking),
                        (outcome, failure) -> new Called(name, failure == null ? outcome : Outcome.TAKEN));
    }

    private static Outcome tried(String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), Math.toIntExact(CALL_TAKES.toMillis()));
            return Outcome.TAKEN;
        } catch (ConnectException e) {
            // The same class also says that there is no answer or no way.
            return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("refused")
                    ? Outcome.REFUSED
                    : Outcome.UNANSWERED;
        } catch (IOException e) {
            return Outcome.UNANSWERED;
        }
    }

    private Behavior<Command> onAnswered(Answered answered) {
        Seen seen = others.get(answered.answer().self().address());
        // A new incarnation's answer is no sign of life of the old one, and Akka removes that one when the new one
        // joins.
        if (seen != null && seen.incarnation.equals(answered.answer().self())) {
            seen.answeredNanos = System.nanoTime();
            seen.refusals = 0;
            seen.unanswered = false;
            CrashedMasters.remove(seen.incarnation.address());
        }
        return this;
    }

    private Behavior<Command> onDoYouHear(DoYouHear question) {
        Seen seen = others.get(question.address());
        // Of one that is no member here nothing is known.
        boolean heard = seen == null || seen.heard(System.nanoTime());
        question.replyTo().tell(new Hears(self.address(), question.address(), heard));
        return this;
    }

    private Behavior<Command> onTold(Told told) {
        Seen seen = others.get(told.said().address());
        if (seen != null) {
            if (told.said().heard()) {
                seen.deniedNanos.remove(told.said().observer());
            } else {
                seen.deniedNanos.put(told.said().observer(), System.nanoTime());
                remove(System.nanoTime());
            }
        }
        return this;
    }

    private Behavior<Command> onCalled(Called called) {
        Seen master = others.get(called.address());
        if (master == null) {
            return this;
        }
        master.calling = false;
        long now = System.nanoTime();
        master.refusals = called.outcome() == Outcome.REFUSED ? master.refusals + 1 : 0;
        if (called.outcome() != Outcome.UNANSWERED) {
            master.unanswered = false;
        } else if (!master.unanswered) {
            master.unanswered = true;
            master.unansweredSince = master.callingSince;
        }
        if (called.outcome() == Outcome.TAKEN) {
            CrashedMasters.remove(called.address());
            return this;
        }
        remove(now);
        return this;
    }

    private void remove(long now) {
        List<Evidence> evidence = new ArrayList<>();
        others.forEach((address, seen) -> evidence.add(seen.evidence(address, now)));
        for (String address : CrashRule.crashed(evidence)) {
            Seen crashed = others.get(address);
            CrashedMasters.add(address);
            if (crashed != null && !crashed.told) {
                crashed.told = true;
                long silent = (now - crashed.answeredNanos) / 1_000_000;
                getContext()
                        .getLog()
                        .warn(
                                "cluster.master_crashed member={} evidence={} silentMs={} next=remove",
                                address,
                                crashed.refusals >= CrashRule.REFUSALS ? "connection_refused" : "cut_off",
                                silent);
                cluster.manager().tell(new Down(akka.actor.AddressFromURIString.parse(address)));
            }
        }
    }
}
