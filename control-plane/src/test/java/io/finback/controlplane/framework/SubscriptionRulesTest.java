package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.OfferConstraints;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Rows of Mesos' subscription validation. */
class SubscriptionRulesTest {
    private static FrameworkInfo info(List<String> roles, Duration timeout, Capability... capabilities) {
        return new FrameworkInfo(
                "name",
                "principal",
                roles,
                timeout,
                "user",
                Set.of(capabilities),
                false,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    private static Optional<String> check(FrameworkInfo info, String... suppressed) {
        return SubscriptionRules.check(info, List.of(suppressed), OfferConstraints.NONE);
    }

    @Test
    void takesWhatIsRight() {
        assertThat(check(info(List.of("*"), Duration.ZERO))).isEmpty();
        assertThat(check(info(List.of("a/b", "c"), Duration.ofDays(7), Capability.MULTI_ROLE), "c"))
                .isEmpty();
        assertThat(check(info(List.of(), Duration.ZERO, Capability.MULTI_ROLE))).isEmpty();
    }

    @Test
    void refusesRolesThatAreNone() {
        for (String role : List.of("", "/a", "a/", "a//b", "..", "a/./b", "-a", "a b", "a/*")) {
            assertThat(check(info(List.of(role), Duration.ZERO)).orElse("nothing"))
                    .contains("framework_info.roles")
                    .contains("'" + role + "'");
        }
    }

    @Test
    void refusesTheSameRoleTwiceAndSeveralWithoutTheCapability() {
        assertThat(check(info(List.of("a", "a"), Duration.ZERO, Capability.MULTI_ROLE)))
                .hasValueSatisfying(why -> assertThat(why).contains("'a' twice"));
        assertThat(check(info(List.of("a", "b"), Duration.ZERO)))
                .hasValueSatisfying(why -> assertThat(why).contains("MULTI_ROLE"));
    }

    @Test
    void refusesATimeoutThatIsNone() {
        assertThat(check(info(List.of("a"), Duration.ofSeconds(-1))))
                .hasValueSatisfying(why -> assertThat(why).contains("failover_timeout: -1 s"));
        assertThat(check(info(List.of("a"), Duration.ofSeconds(Long.MAX_VALUE))))
                .isPresent();
    }

    @Test
    void refusesRolesOfOthersInFiltersSuppressionAndConstraints() {
        FrameworkInfo info = info(List.of("a"), Duration.ZERO);
        assertThat(check(info, "b")).hasValueSatisfying(why -> assertThat(why).contains("suppressed_roles: role 'b'"));
        OfferConstraints constraints = new OfferConstraints(Map.of("b", List.of()));
        assertThat(SubscriptionRules.check(info, List.of(), constraints))
                .hasValueSatisfying(why -> assertThat(why).contains("offer_constraints.role_constraints: role 'b'"));
        FrameworkInfo minimums = new FrameworkInfo(
                "n",
                "p",
                List.of("a"),
                Duration.ZERO,
                "u",
                Set.of(),
                false,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Map.of("b", List.of(new TreeMap<>(Map.of("cpus", 1L)))));
        assertThat(check(minimums)).hasValueSatisfying(why -> assertThat(why).contains("offer_filters: role 'b'"));
    }

    @Test
    void refusesConstraintsThatSayNothingOrTooMuch() {
        FrameworkInfo info = info(List.of("a"), Duration.ZERO);
        for (OfferConstraints.AttributeConstraint wrong : List.of(
                new OfferConstraints.AttributeConstraint(
                        Optional.empty(), Optional.empty(), OfferConstraints.Test.EXISTS, Optional.empty()),
                new OfferConstraints.AttributeConstraint(
                        Optional.of(OfferConstraints.Pseudo.ZONE),
                        Optional.of("rack"),
                        OfferConstraints.Test.EXISTS,
                        Optional.empty()),
                new OfferConstraints.AttributeConstraint(
                        Optional.empty(), Optional.of("rack"), OfferConstraints.Test.EXISTS, Optional.of("r1")),
                new OfferConstraints.AttributeConstraint(
                        Optional.empty(), Optional.of("rack"), OfferConstraints.Test.TEXT_EQUALS, Optional.empty()))) {
            OfferConstraints constraints =
                    new OfferConstraints(Map.of("a", List.of(new OfferConstraints.Group(List.of(wrong)))));
            assertThat(SubscriptionRules.check(info, List.of(), constraints))
                    .as(wrong.toString())
                    .isPresent();
        }
    }

    @Test
    void whatCanNeverChangeIsKeptSilentlyAndThePrincipalIsAnError() {
        FrameworkInfo before = info(List.of("a"), Duration.ZERO);
        FrameworkInfo after = new FrameworkInfo(
                "other",
                "principal",
                List.of("b"),
                Duration.ofSeconds(1),
                "somebody else",
                Set.of(),
                true,
                Optional.of("host"),
                Optional.empty(),
                Map.of(),
                Map.of());
        assertThat(SubscriptionRules.change(before, after)).isEmpty();
        FrameworkInfo merged = SubscriptionRules.merged(before, after);
        assertThat(merged.user()).isEqualTo("user");
        assertThat(merged.checkpoint()).isFalse();
        assertThat(merged.name()).isEqualTo("other");
        assertThat(merged.roles()).containsExactly("b");
        assertThat(SubscriptionRules.fixed(before, after))
                .hasValueSatisfying(why -> assertThat(why).contains("framework_info.user"));
        FrameworkInfo stranger = new FrameworkInfo("n", "stranger", List.of("a"), Duration.ZERO);
        assertThat(SubscriptionRules.change(before, stranger))
                .hasValueSatisfying(why -> assertThat(why).contains("Changing framework's principal is not allowed"));
    }
}
