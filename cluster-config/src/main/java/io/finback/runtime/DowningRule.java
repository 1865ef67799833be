package io.finback.runtime;

import akka.actor.Address;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.Reachability;
import akka.cluster.UniqueAddress;
import akka.cluster.sbr.DowningStrategy;
import akka.cluster.sbr.KeepMajority;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import scala.Some;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Decides whom to remove from the cluster when members do not hear each other, by the masters alone. Pure.
 *
 * <p>Akka's rule counts masters only, too, but listens to everybody: an agent and a master that do not hear each other are both "indirectly
 * connected" to it, and both are removed, so that one agent with a bad cable could take masters away one by one. Here a link between a
 * master and another node that is down speaks against that other node, unless masters say the same of the master. What is left of the picture goes
 * to Akka's own majority rule.
 */
final class DowningRule {
    /** Of members that watch one, how many have to miss a master that no other master watches. */
    private static final int HALF = 2;

    private DowningRule() {}

    /** Who does not hear whom. */
    record Link(UniqueAddress observer, UniqueAddress subject) {}

    /**
     * The cluster as one member sees it.
     *
     * @param members all of them, whatever their status
     * @param broken links that are reported not to work
     * @param seenBy who has the same picture
     * @param watchers how many members watch each one (Akka's ring), when there are so many
     */
    record Picture(
            UniqueAddress self, Collection<Member> members, Set<Link> broken, Set<Address> seenBy, int watchers) {
        Picture {
            members = List.copyOf(members);
            broken = Set.copyOf(broken);
            seenBy = Set.copyOf(seenBy);
        }

        private Map<UniqueAddress, Member> byAddress() {
            Map<UniqueAddress, Member> found = new HashMap<>();
            members.forEach(member -> found.put(member.uniqueAddress(), member));
            return found;
        }
    }

    /**
     * What the picture comes to.
     *
     * @param masters the masters that count, and how far each has come; part of what has to stay the same before anything is decided
     * @param links the broken links that masters decide about
     * @param strays nodes that are no masters and have lost one or more masters, or masters them
     */
    record Finding(Map<UniqueAddress, MemberStatus> masters, Set<Link> links, Set<UniqueAddress> strays) {
        Finding {
            masters = Map.copyOf(masters);
            links = Set.copyOf(links);
            strays = Set.copyOf(strays);
        }
    }

    static Finding find(Picture picture) {
        Map<UniqueAddress, Member> members = picture.byAddress();
        Map<UniqueAddress, MemberStatus> masters = new HashMap<>();
        members.forEach((address, member) -> {
            if (isMaster(member) && isThere(member)) {
                masters.put(address, member.status());
            }
        });
        Set<UniqueAddress> blamed = blamed(picture, masters.keySet());
        Set<Link> links = new HashSet<>();
        Set<Link> others = new HashSet<>();
        Set<UniqueAddress> strays = new HashSet<>();
        for (Link link : picture.broken()) {
            Member observer = members.get(link.observer());
            Member subject = members.get(link.subject());
            if (observer == null || subject == null || !isThere(observer) || !isThere(subject)) {
                continue;
            }
            boolean mixed = isMaster(observer) != isMaster(subject);
            UniqueAddress master = isMaster(observer) ? link.observer() : link.subject();
            if (mixed && !blamed.contains(master)) {
                strays.add(isMaster(observer) ? link.subject() : link.observer());
            } else if (mixed || isMaster(observer)) {
                links.add(link);
            } else {
                others.add(link);
            }
        }
        addStrays(others, strays);
        links.removeIf(link -> strays.contains(link.observer()) || strays.contains(link.subject()));
        return new Finding(masters, links, strays);
    }

    /**
     * Of nodes that are no masters and miss each other, those with most broken links, until none is left: one that is lost is missed by all who watch
     * it, one with a bad cable misses all it watches. Of a single link it is the one that is missed.
     */
    private static void addStrays(Set<Link> links, Set<UniqueAddress> strays) {
        Set<Link> left = new HashSet<>(links);
        left.removeIf(link -> strays.contains(link.observer()) || strays.contains(link.subject()));
        while (!left.isEmpty()) {
            Map<UniqueAddress, Integer> count = new HashMap<>();
            Set<UniqueAddress> missed = new HashSet<>();
            for (Link link : left) {
                count.merge(link.observer(), 1, Integer::sum);
                count.merge(link.subject(), 1, Integer::sum);
                missed.add(link.subject());
            }
            UniqueAddress worst = Collections.max(
                    count.keySet(),
                    Comparator.comparing((UniqueAddress node) -> count.getOrDefault(node, 0))
                            .thenComparing(missed::contains)
                            .thenComparing(Comparator.naturalOrder()));
            strays.add(worst);
            left.removeIf(link -> link.observer().equals(worst) || link.subject().equals(worst));
        }
    }

    /** Whom the majority of masters keeps out; on the side without one that is everybody there. Only for a finding with links. */
    static Set<UniqueAddress> outvoted(Picture picture, Finding finding) {
        KeepMajority rule = new KeepMajority("default", Some.apply(Role.MASTER.id()), picture.self());
        Reachability reachability = Reachability.empty();
        Set<UniqueAddress> unreachable = new HashSet<>();
        for (Link link : finding.links()) {
            reachability = reachability.unreachable(link.observer(), link.subject());
            unreachable.add(link.subject());
        }
        for (Member member : picture.members()) {
            if (unreachable.contains(member.uniqueAddress())) {
                rule.addUnreachable(member);
            } else {
                rule.add(member);
            }
        }
        rule.setReachability(reachability);
        rule.setSeenBy(CollectionConverters.asScala(picture.seenBy()).toSet());
        return Set.copyOf(CollectionConverters.asJava(nodes(rule)));
    }

    private static scala.collection.immutable.Set<UniqueAddress> nodes(KeepMajority rule) {
        try {
            return rule.nodesToDown(rule.decide());
        } catch (IllegalStateException contradiction) {
            // As Akka's resolver does: a picture in which no side can be told from the other.
            return rule.nodesToDown(DowningStrategy.DownAll$.MODULE$);
        }
    }

    /**
     * Whether this member acts on it. Among the masters that a picture shows as reachable it is the one with the lowest address; who is no
     * master acts for itself alone.
     */
    static boolean actsFor(Picture picture, Finding finding, UniqueAddress down) {
        if (!finding.masters().containsKey(picture.self())) {
            return down.equals(picture.self());
        }
        Set<UniqueAddress> reachable = new HashSet<>(finding.masters().keySet());
        finding.links().forEach(link -> reachable.remove(link.subject()));
        Set<UniqueAddress> candidates = reachable.isEmpty() ? finding.masters().keySet() : reachable;
        return candidates.stream().min(UniqueAddress::compareTo).stream().anyMatch(picture.self()::equals);
    }

    /** Masters whose silence is not their observer's fault: another master misses them, or, where no master watches them, half of who does. */
    private static Set<UniqueAddress> blamed(Picture picture, Set<UniqueAddress> masters) {
        Map<UniqueAddress, Integer> missedBy = new HashMap<>();
        Set<UniqueAddress> blamed = new HashSet<>();
        for (Link link : picture.broken()) {
            if (masters.contains(link.subject())) {
                if (masters.contains(link.observer())) {
                    blamed.add(link.subject());
                }
                missedBy.merge(link.subject(), 1, Integer::sum);
            }
        }
        if (picture.members().size() - 1 > picture.watchers()) {
            missedBy.forEach((master, observers) -> {
                if (observers * HALF > picture.watchers()) {
                    blamed.add(master);
                }
            });
        }
        return blamed;
    }

    private static boolean isMaster(Member member) {
        return member.hasRole(Role.MASTER.id());
    }

    private static boolean isThere(Member member) {
        return !member.status().equals(MemberStatus.down())
                && !member.status().equals(MemberStatus.exiting())
                && !member.status().equals(MemberStatus.removed());
    }
}
