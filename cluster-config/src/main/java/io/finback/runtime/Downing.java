package io.finback.runtime;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.Cluster;
import akka.cluster.ClusterReadView;
import akka.cluster.Reachability;
import akka.cluster.UniqueAddress;
import io.finback.runtime.DowningRule.Finding;
import io.finback.runtime.DowningRule.Link;
import io.finback.runtime.DowningRule.Picture;
import io.finback.settings.ClusterSettings;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Removes members that others do not hear, as {@link DowningRule} decides, once what it decides by has not changed for
 * {@code finback.cluster.stable-after}. What agents and routers do does not put off a decision about masters, and each of them has a time of
 * its own. One on every member. Akka's own resolver stands behind it with a far longer time.
 */
final class Downing extends AbstractBehavior<Downing.Tick> {
    static final String NAME = "finback-downing";

    enum Tick {
        TICK
    }

    private final Cluster cluster;
    private final Duration stableAfter;
    private final int watchers;
    private final Map<UniqueAddress, Long> straysSince = new HashMap<>();
    private final Set<UniqueAddress> told = new HashSet<>();
    private @Nullable Finding last;
    private long lastSince;

    private Downing(ActorContext<Tick> context, Duration stableAfter) {
        super(context);
        context.setLoggerName(Downing.class);
        this.stableAfter = stableAfter;
        cluster = Cluster.get(Adapter.toClassic(context.getSystem()));
        watchers = context.getSystem()
                .settings()
                .config()
                .getInt("akka.cluster.failure-detector.monitored-by-nr-of-members");
    }

    static Behavior<Tick> create(ClusterSettings settings) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.TICK, settings.lookEvery());
            return new Downing(context, settings.stableAfter());
        }));
    }

    @Override
    public Receive<Tick> createReceive() {
        return newReceiveBuilder().onMessage(Tick.class, tick -> onTick()).build();
    }

    private Behavior<Tick> onTick() {
        long now = System.nanoTime();
        Picture picture = picture();
        Finding finding = DowningRule.find(picture);
        if (last == null
                || !finding.masters().equals(last.masters())
                || !finding.links().equals(last.links())) {
            lastSince = now;
        }
        last = finding;
        straysSince.keySet().retainAll(finding.strays());
        finding.strays().forEach(stray -> straysSince.putIfAbsent(stray, now));
        if (!finding.links().isEmpty() && isStable(lastSince, now)) {
            down(picture, finding, DowningRule.outvoted(picture, finding), "outvoted");
        }
        Set<UniqueAddress> strays = new HashSet<>(straysSince.keySet());
        strays.removeIf(stray -> !isStable(straysSince.getOrDefault(stray, now), now));
        down(picture, finding, strays, "stray");
        Set<UniqueAddress> members = new HashSet<>();
        picture.members().forEach(member -> members.add(member.uniqueAddress()));
        told.retainAll(members);
        return this;
    }

    private boolean isStable(long since, long now) {
        return now - since >= stableAfter.toNanos();
    }

    private void down(Picture picture, Finding finding, Set<UniqueAddress> nodes, String why) {
        nodes.stream()
                .filter(node -> !told.contains(node))
                .filter(node -> DowningRule.actsFor(picture, finding, node))
                // Itself last, for then it says no more.
                .sorted(Comparator.comparing((UniqueAddress node) -> node.equals(picture.self()))
                        .thenComparing(Comparator.naturalOrder()))
                .forEach(node -> {
                    told.add(node);
                    getContext()
                            .getLog()
                            .warn(
                                    "cluster.member_downed member={} why={} links='{}' next=remove",
                                    node.address(),
                                    why,
                                    shown(picture.broken()));
                    cluster.down(node.address());
                });
    }

    private static String shown(Set<Link> links) {
        List<String> shown = links.stream()
                .map(link -> link.observer().address().hostPort() + " misses "
                        + link.subject().address().hostPort())
                .sorted()
                .limit(20)
                .toList();
        return String.join(", ", shown) + (shown.size() < links.size() ? ", and more" : "");
    }

    private Picture picture() {
        ClusterReadView view = cluster.readView();
        Set<Link> broken = new HashSet<>();
        for (Reachability.Record link :
                CollectionConverters.asJava(view.reachability().records())) {
            if (!link.status().equals(Reachability.Reachable$.MODULE$)) {
                broken.add(new Link(link.observer(), link.subject()));
            }
        }
        return new Picture(
                cluster.selfUniqueAddress(),
                CollectionConverters.asJava(view.members()),
                broken,
                view.state().getSeenBy(),
                watchers);
    }
}
