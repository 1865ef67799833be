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
 * Notices within a second that another master's process has ended, and has it removed from the cluster: the failure detector alone, which
 * must not mistake a pause for an end, takes some five seconds, and the split brain resolver five more. It asks every other master who it
 * is, four times a second; one that stays silent is called at its port, and {@link CrashRule} decides what a refusal means. One on every
 * master. Keeps nothing over a restart.
 */
final class CrashWatch extends AbstractBehavior<CrashWatch.Command> {
    static final Duration PERIOD = Duration.ofMillis(250);

    /** Three questions unanswered. Akka's queues make one that is busy answer late, not never. */
    private static final Duration SUSPECT_AFTER = Duration.ofMillis(750);

    private static final Duration HEARD_WITHIN = Duration.ofSeconds(1);
    private static final Duration CALL_TAKES = Duration.ofMillis(500);

    sealed interface Command {}

    private enum Tick implements Command {
        TICK
    }

    private record Answered(IAm answer) implements Command {}

    private record Called(String address, boolean refused) implements Command {}

    /** Of one address. */
    private static final class Seen {
        private final Incarnation incarnation;
        private final Address address;
        private long answeredNanos;
        private int refusals;
        private boolean calling;
        private boolean told;

        Seen(Incarnation incarnation, Address address, long now) {
            this.incarnation = incarnation;
            this.address = address;
            answeredNanos = now;
        }
    }

    private final Cluster cluster;
    private final Incarnation self;
    private final ActorRef<IAm> answers;
    private final akka.actor.ActorSystem classic;
    private final Executor blocking;
    private final Map<String, Seen> others = new HashMap<>();

    private CrashWatch(ActorContext<Command> context) {
        super(context);
        context.setLoggerName(CrashWatch.class);
        cluster = Cluster.get(context.getSystem());
        self = Incarnation.of(cluster.selfMember().uniqueAddress());
        answers = context.messageAdapter(IAm.class, Answered::new);
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
                call(seen.address);
            }
        });
        return this;
    }

    private void call(Address address) {
        String name = address.toString();
        String host = address.getHost().orElse("");
        int port = address.getPort().orElse(0);
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> refuses(host, port), blocking),
                        (refused, failure) -> new Called(name, failure == null && refused));
    }

    private static boolean refuses(String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), Math.toIntExact(CALL_TAKES.toMillis()));
            return false;
        } catch (ConnectException e) {
            // The same class also says that there is no answer or no way, which is no evidence.
            return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("refused");
        } catch (IOException e) {
            return false;
        }
    }

    private Behavior<Command> onAnswered(Answered answered) {
        Seen seen = others.get(answered.answer().self().address());
        // A new incarnation's answer is no sign of life of the old one, and Akka removes that one when the new one
        // joins.
        if (seen != null && seen.incarnation.equals(answered.answer().self())) {
            seen.answeredNanos = System.nanoTime();
            seen.refusals = 0;
            CrashedMasters.remove(seen.incarnation.address());
        }
        return this;
    }

    private Behavior<Command> onCalled(Called called) {
        Seen master = others.get(called.address());
        if (master == null) {
            return this;
        }
        master.calling = false;
        master.refusals = called.refused() ? master.refusals + 1 : 0;
        if (!called.refused()) {
            CrashedMasters.remove(called.address());
            return this;
        }
        long now = System.nanoTime();
        List<Evidence> evidence = new ArrayList<>();
        others.forEach((address, seen) ->
                evidence.add(new Evidence(address, now - seen.answeredNanos < HEARD_WITHIN.toNanos(), seen.refusals)));
        for (String address : CrashRule.crashed(evidence)) {
            Seen crashed = others.get(address);
            CrashedMasters.add(address);
            if (crashed != null && !crashed.told) {
                crashed.told = true;
                long silent = (now - crashed.answeredNanos) / 1_000_000;
                getContext()
                        .getLog()
                        .warn(
                                "cluster.master_crashed member={} evidence=connection_refused silentMs={} next=remove",
                                address,
                                silent);
                cluster.manager().tell(new Down(akka.actor.AddressFromURIString.parse(address)));
            }
        }
        return this;
    }
}
