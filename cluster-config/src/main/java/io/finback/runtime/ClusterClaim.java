package io.finback.runtime;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import io.finback.persistence.ClusterTable;
import io.finback.persistence.ClusterTable.Entry;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.settings.ClusterSettings;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps the database's row saying that this cluster uses it, and leaves a cluster that another one has superseded, by {@link ClaimRule}. One on
 * every master with a shared database, from the start of the process to its end. A database that does not answer, and a table that is not there,
 * change nothing for members.
 */
final class ClusterClaim extends AbstractBehavior<ClusterClaim.Command> {
    static final String NAME = "finback-cluster-claim";
    private static final Comparator<Member> ADDRESS = Comparator.comparing(Member::uniqueAddress);

    sealed interface Command {}

    private enum Tick implements Command {
        TICK
    }

    private record Looked(Optional<Entry> entry) implements Command {}

    private record Written(boolean done) implements Command {}

    private record Failed(Throwable reason) implements Command {}

    private final TimerScheduler<Command> timers;
    private final ClusterTable table;
    private final ClusterSettings.Claim settings;
    private final Cluster cluster;
    private final Set<Incarnation> ever = new HashSet<>();
    private boolean failing;

    private ClusterClaim(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ClusterTable table,
            ClusterSettings.Claim settings) {
        super(context);
        context.setLoggerName(ClusterClaim.class);
        this.timers = timers;
        this.table = table;
        this.settings = settings;
        cluster = Cluster.get(context.getSystem());
        again();
    }

    static Behavior<Command> create(ClusterTable table, ClusterSettings settings) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ClusterClaim(context, timers, table, settings.claim())));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(Looked.class, this::onLooked)
                .onMessage(Written.class, this::onWritten)
                .onMessage(Failed.class, this::onFailed)
                .build();
    }

    private Behavior<Command> onTick() {
        ever.addAll(masters());
        if (!cluster.selfMember().status().equals(MemberStatus.up())) {
            again();
            return this;
        }
        getContext()
                .pipeToSelf(
                        table.read(), (entry, failure) -> failure == null ? new Looked(entry) : new Failed(failure));
        return this;
    }

    private Behavior<Command> onLooked(Looked looked) {
        worksAgain();
        ever.addAll(masters());
        boolean up = cluster.selfMember().status().equals(MemberStatus.up());
        ClaimRule.Duty duty =
                ClaimRule.duty(ever, looked.entry(), speaks(), settings.renewEvery(), settings.expiresAfter());
        if (!up || duty == ClaimRule.Duty.NOTHING) {
            again();
        } else if (duty == ClaimRule.Duty.RENEW) {
            getContext()
                    .pipeToSelf(
                            table.replace(
                                    looked.entry(),
                                    masters().stream()
                                            .map(Incarnation::text)
                                            .sorted()
                                            .toList()),
                            (done, failure) -> failure == null ? new Written(done) : new Failed(failure));
        } else {
            getContext()
                    .getLog()
                    .error(
                            "cluster.superseded by={} next=end; another cluster has taken the database while this one did"
                                    + " not renew its claim, and this master joins it when it is started again",
                            looked.entry().map(Entry::masters).orElseThrow());
            cluster.manager().tell(new Down(cluster.selfMember().address()));
            again();
        }
        return this;
    }

    /** Whoever was first has renewed it as well. */
    private Behavior<Command> onWritten(Written written) {
        getContext().getLog().debug("cluster.claim_renewed done={}", written.done());
        again();
        return this;
    }

    private Behavior<Command> onFailed(Failed failed) {
        if (!failing) {
            failing = true;
            getContext()
                    .getLog()
                    .warn(
                            "cluster.claim_not_renewed reason='{}' next=try_again",
                            failed.reason().toString());
        }
        again();
        return this;
    }

    private void worksAgain() {
        if (failing) {
            failing = false;
            getContext().getLog().info("cluster.claim_renewed_again");
        }
    }

    private void again() {
        timers.startSingleTimer(Tick.TICK, settings.renewEvery());
    }

    /** The reachable master with the lowest address, so that one writes and not all of them. */
    private boolean speaks() {
        Set<Member> unreachable = cluster.state().getUnreachable();
        Optional<Member> lowest = Optional.empty();
        for (Member member : cluster.state().getMembers()) {
            if (member.hasRole(Role.MASTER.id())
                    && member.status().equals(MemberStatus.up())
                    && !unreachable.contains(member)
                    && lowest.filter(found -> ADDRESS.compare(found, member) < 0)
                            .isEmpty()) {
                lowest = Optional.of(member);
            }
        }
        return lowest.filter(member ->
                        member.uniqueAddress().equals(cluster.selfMember().uniqueAddress()))
                .isPresent();
    }

    private Set<Incarnation> masters() {
        Set<Incarnation> masters = new HashSet<>();
        for (Member member : cluster.state().getMembers()) {
            if (member.hasRole(Role.MASTER.id())) {
                masters.add(Incarnation.of(member.uniqueAddress()));
            }
        }
        return masters;
    }
}
