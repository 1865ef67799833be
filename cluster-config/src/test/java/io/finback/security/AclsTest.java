package io.finback.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The examples of Mesos' authorization guide, and what is refused by name. */
class AclsTest {
    private static boolean allows(String acls, String principal, Action action, String object) {
        Optional<Principal> who = principal.isEmpty() ? Optional.empty() : Optional.of(new Principal(principal));
        return Acls.parse(acls).allows(who, action, object);
    }

    @Test
    void theFirstEntryThatIsAboutItDecides() {
        String acls = """
                {"register_frameworks": [
                  {"principals": {"values": ["foo"]}, "roles": {"values": ["analytics", "ads"]}},
                  {"principals": {"type": "NONE"}, "roles": {"values": ["analytics"]}}]}""";
        assertThat(allows(acls, "foo", Action.REGISTER_FRAMEWORK, "analytics")).isTrue();
        assertThat(allows(acls, "bar", Action.REGISTER_FRAMEWORK, "analytics")).isFalse();
        assertThat(allows(acls, "", Action.REGISTER_FRAMEWORK, "analytics")).isFalse();
        assertThat(allows(acls, "bar", Action.REGISTER_FRAMEWORK, "other")).isTrue();
        assertThat(allows(acls, "bar", Action.UPDATE_QUOTA, "analytics")).isTrue();
    }

    @Test
    void whatNoEntryIsAboutIsRefusedUnlessPermissive() {
        String acls = """
                {"permissive": false, "update_weights": [
                  {"principals": {"values": ["ops"]}, "roles": {"type": "ANY"}},
                  {"principals": {"type": "ANY"}, "roles": {"values": ["free"]}}]}""";
        assertThat(allows(acls, "ops", Action.UPDATE_WEIGHT, "a")).isTrue();
        assertThat(allows(acls, "dev", Action.UPDATE_WEIGHT, "a")).isFalse();
        assertThat(allows(acls, "dev", Action.UPDATE_WEIGHT, "free")).isTrue();
        assertThat(allows(acls, "", Action.UPDATE_WEIGHT, "free")).isTrue();
        assertThat(allows(acls, "ops", Action.DRAIN_AGENT, "a1")).isFalse();
    }

    @Test
    void aPercentIsEveryNameBelow() {
        String acls = """
                {"permissive": false, "change_endpoints": [
                  {"principals": {"values": ["team"]}, "paths": {"values": ["/v2/apps/team/%"]}}]}""";
        assertThat(allows(acls, "team", Action.CHANGE_ENDPOINT_WITH_PATH, "/v2/apps/team/web"))
                .isTrue();
        assertThat(allows(acls, "team", Action.CHANGE_ENDPOINT_WITH_PATH, "/v2/apps/team/a/b"))
                .isTrue();
        for (String other : new String[] {"/v2/apps/team", "/v2/apps/team/", "/v2/apps/teamster", "/v2/apps"}) {
            assertThat(allows(acls, "team", Action.CHANGE_ENDPOINT_WITH_PATH, other))
                    .as(other)
                    .isFalse();
        }
    }

    @Test
    void refusesWhatItWouldNotEnforce() {
        refused("{\"register_agents\": []}", "register_agents: not enforced here (expected: permissive, register_fra");
        assertThatThrownBy(() -> Acls.parse("{\"register_agents\": []}"))
                .hasMessageContaining(
                        "; who may be an agent says its certificate: finback.tls.remoting, docs/security.md)");
        refused("[", "no JSON at line 1");
        refused("[]", "no object");
        refused("{\"permissive\": \"no\"}", "permissive: \"no\" (expected: true or false)");
        refused("{\"update_quotas\": {}}", "update_quotas: OBJECT (expected: a list)");
        refused("{\"update_quotas\": [{\"principals\": {\"type\":\"ANY\"}}]}", "update_quotas[0].roles: missing");
        refused(
                "{\"update_quotas\": [{\"principal\": {\"type\":\"ANY\"}}]}",
                "update_quotas[0].principal: not known (expected: principals, roles)");
        refused(
                "{\"update_quotas\": [{\"principals\": {\"values\":[]}, \"roles\": {\"type\":\"ANY\"}}]}",
                "update_quotas[0].principals.values: 0 with type SOME");
        refused(
                "{\"update_quotas\": [{\"principals\": {\"type\":\"ALL\"}, \"roles\": {\"type\":\"ANY\"}}]}",
                "update_quotas[0].principals.type: ALL (expected: SOME, ANY or NONE)");
    }

    private static void refused(String acls, String why) {
        assertThatThrownBy(() -> Acls.parse(acls))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(why);
    }

    /** Who sees everything is answered without a look at each thing. */
    @Test
    void tellsWhoMayDoItToEverythingWithoutANameOfAnything() {
        String acls = """
                {"view_tasks": [
                  {"principals": {"values": ["ops"]}, "users": {"type": "ANY"}},
                  {"principals": {"values": ["dev"]}, "users": {"values": ["web"]}},
                  {"principals": {"type": "NONE"}, "users": {"values": ["root"]}}]}""";
        assertThat(allowsAll(acls, "ops")).isTrue();
        assertThat(allowsAll(acls, "dev")).isFalse();
        assertThat(allowsAll(acls, "")).isFalse();
        assertThat(allowsAll("{\"view_roles\": []}", "dev")).isTrue();
        assertThat(allowsAll("{\"permissive\": false}", "dev")).isFalse();
        String some = "{\"view_tasks\": [{\"principals\": {\"type\": \"ANY\"}, \"users\": {\"values\": [\"web\"]}}]}";
        assertThat(allowsAll(some, "dev"))
                .as("what it is not about is permitted")
                .isTrue();
    }

    @Test
    void aMemberIsAskedAboutByItsWholeAddressHoweverItIsNamed() {
        String whole = "akka://finback@10.0.0.1:25520";
        assertThat(Guard.member("/cluster/members/" + whole)).isEqualTo(whole);
        assertThat(Guard.member("/cluster/members/finback@10.0.0.1:25520")).isEqualTo(whole);
    }

    private static boolean allowsAll(String acls, String principal) {
        return Acls.parse(acls).allowsAll(Principal.named(principal), Action.VIEW_TASK);
    }

    /** Of members, a file that says nothing allows nothing. */
    @Test
    void grantsOnlyWhatAnEntrySays() {
        String acls = """
                {"change_members": [
                  {"principals": {"values": ["ops"]}, "members": {"values": ["a"]}},
                  {"principals": {"type": "NONE"}, "members": {"type": "ANY"}}]}""";
        Acls parsed = Acls.parse(acls);
        assertThat(parsed.grants(Principal.named("ops"), Action.CHANGE_MEMBER, "a"))
                .isTrue();
        assertThat(parsed.grants(Principal.named("ops"), Action.CHANGE_MEMBER, "b"))
                .isFalse();
        assertThat(parsed.grants(Principal.named("dev"), Action.CHANGE_MEMBER, "a"))
                .isFalse();
        assertThat(Acls.PERMISSIVE.grants(Principal.named("ops"), Action.CHANGE_MEMBER, "a"))
                .isFalse();
    }
}
