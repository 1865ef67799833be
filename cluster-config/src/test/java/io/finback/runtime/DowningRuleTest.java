package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.Address;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.util.Version;
import io.finback.runtime.DowningRule.Finding;
import io.finback.runtime.DowningRule.Link;
import io.finback.runtime.DowningRule.Picture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** Masters are m1, m2 and so on, agents a1 and so on; "m1-a1" is: m1 misses a1. */
class DowningRuleTest {
    private final Map<String, Member> members = new HashMap<>();
    private final Set<String> silent = new HashSet<>();
    private String self = "m1";

    private void cluster(int masters, int agents) {
        for (int i = 1; i <= masters; i++) {
            add("m" + i, MemberStatus.up());
        }
        for (int i = 1; i <= agents; i++) {
            add("a" + i, MemberStatus.up());
        }
    }

    private void add(String name, MemberStatus status) {
        String role = name.startsWith("m") ? "master" : "agent";
        scala.collection.immutable.Set<String> roles =
                CollectionConverters.asScala(Set.of(role, "dc-default")).toSet();
        members.put(name, new Member(address(name), 1, status, roles, Version.Zero()));
    }

    private static UniqueAddress address(String name) {
        return new UniqueAddress(new Address("akka", "finback", name, 25_520), 1L);
    }

    private static String name(UniqueAddress address) {
        return address.address().getHost().orElse("");
    }

    private Picture picture(String... broken) {
        Set<Link> links = new HashSet<>();
        for (String each : broken) {
            String[] ends = each.split("-", -1);
            links.add(new Link(address(ends[0]), address(ends[1])));
        }
        Set<Address> seen = members.keySet().stream()
                .filter(name -> !silent.contains(name))
                .map(name -> address(name).address())
                .collect(Collectors.toSet());
        return new Picture(address(self), members.values(), links, seen, 9);
    }

    /** Strays, and whom masters vote out. */
    private Set<String> down(String... broken) {
        Picture picture = picture(broken);
        Finding finding = DowningRule.find(picture);
        Set<UniqueAddress> down = new HashSet<>(finding.strays());
        if (!finding.links().isEmpty()) {
            down.addAll(DowningRule.outvoted(picture, finding));
        }
        return down.stream().map(DowningRuleTest::name).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void whereNothingIsBrokenNobodyGoes() {
        cluster(3, 2);
        assertThat(down()).isEmpty();
    }

    @Test
    void anAgentThatIsCutOffGoesAlone() {
        cluster(3, 2);
        silent.add("a1");
        assertThat(down("m1-a1", "m2-a1", "m3-a1", "a2-a1")).containsExactly("a1");
        self = "a1";
        assertThat(down("a1-m1", "a1-m2", "a1-m3", "a1-a2")).containsExactly("a1");
    }

    /** To Akka's own rule both are "indirectly connected", and it removes the master, too. */
    @Test
    void aBadLinkBetweenAnAgentAndOneMasterNeverCostsTheMaster() {
        cluster(3, 1);
        assertThat(down("m3-a1", "a1-m3")).containsExactly("a1");
        assertThat(down("a1-m3")).containsExactly("a1");
        assertThat(down("m3-a1")).containsExactly("a1");
        assertThat(down("a1-m2", "a1-m3", "m1-a1")).containsExactly("a1");
    }

    @Test
    void manyAgentsThatMissOneMasterInASmallClusterDoNotOutvoteTheMasters() {
        cluster(3, 6);
        assertThat(down("a1-m3", "a2-m3", "a3-m3", "a4-m3", "a5-m3")).containsExactly("a1", "a2", "a3", "a4", "a5");
    }

    @Test
    void aMasterThatIsCutOffGoesAndTakesNobodyWithIt() {
        cluster(3, 1);
        silent.add("m1");
        self = "m2";
        assertThat(down("m2-m1", "m3-m1", "a1-m1")).containsExactly("m1");
        silent.clear();
        silent.addAll(List.of("m2", "m3", "a1"));
        self = "m1";
        assertThat(down("m1-m2", "m1-m3", "m1-a1")).containsExactly("a1", "m1");
    }

    @Test
    void aMasterIsCutOffTogetherWithAnAgent() {
        cluster(3, 2);
        silent.addAll(List.of("m1", "a1"));
        self = "m2";
        assertThat(down("m2-m1", "m3-m1", "m2-a1", "m3-a1", "a2-m1", "a2-a1")).containsExactly("a1", "m1");
        silent.clear();
        silent.addAll(List.of("m2", "m3", "a2"));
        self = "m1";
        assertThat(down("m1-m2", "m1-m3", "a1-m2", "a1-m3", "m1-a2", "a1-a2")).contains("a1", "m1");
    }

    @Test
    void agentsAloneMaySayThatAMasterIsGoneWhereNoMasterWatchesIt() {
        cluster(3, 40);
        silent.add("m3");
        assertThat(down("a1-m3", "a2-m3", "a3-m3", "a4-m3", "a5-m3", "a6-m3")).containsExactly("m3");
        assertThat(down("a1-m3", "a2-m3")).containsExactly("a1", "a2");
    }

    @Test
    void ofAgentsThatMissEachOtherItIsTheOneWithMostBrokenLinks() {
        cluster(3, 20);
        assertThat(down("a1-a2", "a1-a3", "a1-a4")).containsExactly("a1");
        assertThat(down("a2-a1", "a3-a1", "a4-a1")).containsExactly("a1");
        assertThat(down("a2-a1")).containsExactly("a1");
    }

    @Test
    void twoMastersThatMissEachOtherAreBothInTheWayOfTheRest() {
        cluster(5, 0);
        assertThat(down("m2-m5", "m5-m2")).containsExactly("m2", "m5");
    }

    @Test
    void whatIsDownOrLeavingForGoodNoLongerCounts() {
        cluster(3, 0);
        add("a1", MemberStatus.down());
        add("a2", MemberStatus.exiting());
        assertThat(down("m1-a1", "a1-m2", "m2-a2")).isEmpty();
    }

    @Test
    void oneMasterOfASideActsAndOthersForThemselves() {
        cluster(3, 2);
        Picture cut = picture("m2-m1", "m3-m1");
        List<String> acting = new ArrayList<>();
        for (String name : new TreeSet<>(members.keySet())) {
            Picture seen = new Picture(address(name), cut.members(), cut.broken(), cut.seenBy(), 9);
            if (DowningRule.actsFor(seen, DowningRule.find(seen), address("m1"))) {
                acting.add(name);
            }
        }
        assertThat(acting).containsExactly("m2");
        self = "a1";
        Picture own = picture("a1-m1", "a1-m2", "a1-m3");
        assertThat(DowningRule.actsFor(own, DowningRule.find(own), address("a1"))).isTrue();
        assertThat(DowningRule.actsFor(own, DowningRule.find(own), address("a2"))).isFalse();
    }
}
