package io.finback.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.cli.check.Finding.Level;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterRulesTest {
    private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");

    @Test
    void namesTheMemberThatIsUnreachable() throws Exception {
        JsonNode members = json("{'members':[{'node':'akka://finback@a:1','roles':['master'],'status':'Up'},"
                + "{'node':'akka://finback@b:1','roles':['agent'],'status':'Up'}],"
                + "'unreachable':[{'node':'akka://finback@b:1','observedBy':[]}]}");

        assertThat(ClusterRules.membership(members)).extracting(Finding::level).containsExactly(Level.OK, Level.FAIL);
        assertThat(ClusterRules.membership(members).get(1).text()).contains("akka://finback@b:1");
    }

    @Test
    void twoMastersAreOneTooFew() throws Exception {
        JsonNode members = json("{'members':[{'node':'a','roles':['master'],'status':'Up'},"
                + "{'node':'b','roles':['master'],'status':'Joining'}],'unreachable':[]}");

        assertThat(ClusterRules.membership(members))
                .extracting(Finding::text)
                .containsExactly("2 masters (expected: 1, 3 or 5)", "b is Joining (expected: Up)");
    }

    @Test
    void noMasterIsAFailure() throws Exception {
        assertThat(ClusterRules.membership(json("{'members':[],'unreachable':[]}"))
                        .get(0)
                        .level())
                .isEqualTo(Level.FAIL);
    }

    @Test
    void threeSecondsApartIsTolerated() {
        assertThat(ClusterRules.clock("a", NOW.minusSeconds(3), NOW).level()).isEqualTo(Level.OK);
        assertThat(ClusterRules.clock("a", NOW.minusSeconds(4), NOW).level()).isEqualTo(Level.WARN);
        assertThat(ClusterRules.clock("a", NOW.plusSeconds(4), NOW).text()).contains("4 s apart");
    }

    @Test
    void readsTheStatesOfAgents() {
        String metrics = """
                # TYPE finback_master_agents gauge
                finback_master_agents{state="active"} 3
                finback_master_agents{state="silent"} 1
                finback_master_agents{state="unreachable"} 2
                """;

        assertThat(ClusterRules.agents(metrics))
                .extracting(Finding::level)
                .containsExactly(Level.OK, Level.FAIL, Level.WARN);
        assertThat(ClusterRules.agents("").get(0).level()).isEqualTo(Level.FAIL);
    }

    @Test
    void aDeploymentIsStuckAfterTenMinutes() throws Exception {
        JsonNode deployments = json("[{'id':'d1','version':'2026-11-26T11:49:00.000Z','affectedApps':['/a'],"
                + "'currentStep':1,'totalSteps':2},{'id':'d2','version':'2026-11-26T11:51:00.000Z'}]");

        assertThat(ClusterRules.deployments(deployments, NOW)).hasSize(1);
        Finding stuck = ClusterRules.deployments(deployments, NOW).get(0);
        assertThat(stuck.level()).isEqualTo(Level.WARN);
        assertThat(stuck.text()).contains("d1", "/a", "11 min", "step 1 of 2");
        assertThat(stuck.remedy()).contains("DELETE /v2/deployments/d1");
    }

    @Test
    void whatWaitsIsNamedWithItsReason() throws Exception {
        JsonNode queue = json("{'queue':[{'count':2,'app':{'id':'/a'},'delay':{'overdue':true}},"
                + "{'count':1,'app':{'id':'/b'},'delay':{'overdue':false}}]}");

        assertThat(ClusterRules.queue(queue))
                .extracting(Finding::text)
                .containsExactly("/a: 2 instances wait", "/b: 1 instances wait, it backs off after failures");
    }

    @Test
    void mastersOfDifferentVersionsAreAWarning() {
        assertThat(ClusterRules.versions(Map.of("a", "1", "b", "1")).level()).isEqualTo(Level.OK);
        assertThat(ClusterRules.versions(Map.of("a", "1", "b", "2")).text()).contains("a=1", "b=2");
    }

    @Test
    void anIsolatorThatIsOffIsNamedWithItsReason() throws Exception {
        JsonNode state = json("{'isolators':[{'name':'cgroups/mem','on':false,'detail':'not root'},"
                + "{'name':'posix/user','on':true,'detail':'x'}]}");

        assertThat(ClusterRules.isolation(state).get(0).text()).isEqualTo("off: cgroups/mem (not root)");
    }

    private static JsonNode json(String text) throws Exception {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }

    @Test
    void tellsWhenTheCertificateEnds() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        assertThat(ClusterRules.certificate(now.plusSeconds(86_400 * 15), now).shown())
                .startsWith("ok");
        assertThat(ClusterRules.certificate(now.plusSeconds(86_400 * 13), now).shown())
                .contains("13 days", "finback certificates");
        assertThat(ClusterRules.certificate(now.minusSeconds(1), now).shown()).contains("others refuse this node");
    }

    @Test
    void aNodeThatIsRemovedAgainAndAgainIsToldWhichMasterItDoesNotHear() throws Exception {
        assertThat(ClusterRules.link(json("{'up':true,'removals':1,'waitMillis':0,'silent':[]}")))
                .isEmpty();
        assertThat(ClusterRules.link(
                        json("{'up':true,'removals':0,'waitMillis':0,'silent':['akka://finback@m2:25520']}")))
                .singleElement()
                .asString()
                .contains("WARN", "no answer from akka://finback@m2:25520", "Artery port");
        assertThat(ClusterRules.link(
                        json("{'up':false,'removals':4,'waitMillis':4000,'silent':['akka://finback@m2:25520']}")))
                .singleElement()
                .asString()
                .contains("WARN", "4 times", "4000 ms", "between this node and akka://finback@m2:25520");
    }
}
