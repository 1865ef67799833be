package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.FrameworkWords.amount;
import static io.finback.controlplane.boot.FrameworkWords.capability;
import static io.finback.controlplane.boot.FrameworkWords.info;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.scheduler.Protos.AttributeConstraint;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.apache.mesos.v1.scheduler.Protos.OfferConstraints;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** UPDATE_FRAMEWORK through the scheduler API over sockets, at the master that holds the stream and at another. */
@SuppressWarnings("deprecation") // roles as frameworks without MULTI_ROLE speak them
class SchedulerApiUpdateTest {
    @TempDir
    Path data;

    private static Call.Builder updated(
            SchedulerClient.Stream stream, FrameworkInfo.Builder info, String... suppressed) {
        Call.UpdateFramework.Builder update = Call.UpdateFramework.newBuilder()
                .setFrameworkInfo(info.setId(stream.framework))
                .addAllSuppressedRoles(java.util.List.of(suppressed));
        return Call.newBuilder().setType(Call.Type.UPDATE_FRAMEWORK).setUpdateFramework(update);
    }

    private static Offer offered(SchedulerClient.Stream stream, String role) {
        return stream.next(event -> event.getType() == Event.Type.OFFERS
                        && event.getOffers()
                                .getOffers(0)
                                .getAllocationInfo()
                                .getRole()
                                .equals(role))
                .getOffers()
                .getOffers(0);
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void rolesChangeAndTheirOffersWithThem(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("mover"))) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer dev = offered(stream, "dev");
            HttpResponse<String> answer = stream.call(
                    updated(stream, info("mover").toBuilder().clearRoles().addRoles("ops")));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(stream.await(Event.Type.RESCIND).getRescind().getOfferId())
                    .isEqualTo(dev.getId());
            assertThat(amount(offered(stream, "ops"), "cpus")).isEqualTo(4);
            // Suppressed, the offers end and none come; constrained to another rack neither.
            assertThat(stream.call(updated(
                                    stream,
                                    info("mover").toBuilder().clearRoles().addRoles("ops"),
                                    "ops"))
                            .statusCode())
                    .isEqualTo(200);
            Call.Builder constrained =
                    updated(stream, info("mover").toBuilder().clearRoles().addRoles("ops"));
            constrained.getUpdateFrameworkBuilder().setOfferConstraints(onRack("r2"));
            assertThat(stream.call(constrained).statusCode()).isEqualTo(200);
            new ScriptedAgent(harness.plane, "a2", Resources.of(7, 4096, 0)).register();
            constrained.getUpdateFrameworkBuilder().setOfferConstraints(onRack("r1"));
            assertThat(stream.call(constrained).statusCode()).isEqualTo(200);
            Offer seven = stream
                    .next(event -> event.getType() == Event.Type.OFFERS
                            && event.getOffers().getOffersList().stream().anyMatch(offer -> amount(offer, "cpus") == 7))
                    .getOffers()
                    .getOffersList()
                    .stream()
                    .filter(offer -> amount(offer, "cpus") == 7)
                    .findFirst()
                    .orElseThrow();
            assertThat(seven.getAllocationInfo().getRole()).isEqualTo("ops");
        }
    }

    private static OfferConstraints onRack(String rack) {
        return OfferConstraints.newBuilder()
                .putRoleConstraints(
                        "ops",
                        OfferConstraints.RoleConstraints.newBuilder()
                                .addGroups(OfferConstraints.RoleConstraints.Group.newBuilder()
                                        .addAttributeConstraints(AttributeConstraint.newBuilder()
                                                .setSelector(AttributeConstraint.Selector.newBuilder()
                                                        .setAttributeName("rack"))
                                                .setPredicate(AttributeConstraint.Predicate.newBuilder()
                                                        .setTextEquals(
                                                                AttributeConstraint.Predicate.TextEquals.newBuilder()
                                                                        .setValue(rack)))))
                                .build())
                .build();
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void whatMustNotChangeIsRefused(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("fixed"))) {
            assertThat(stream.call(updated(stream, info("fixed").toBuilder().setUser("other")))
                            .statusCode())
                    .isEqualTo(400);
            assertThat(stream.call(updated(stream, info("fixed").toBuilder().setCheckpoint(true)))
                            .statusCode())
                    .isEqualTo(400);
            assertThat(stream.call(updated(stream, info("fixed").toBuilder().setPrincipal("other")))
                            .statusCode())
                    .isEqualTo(400);
            assertThat(stream.call(updated(stream, info("fixed").toBuilder(), "not-its-role"))
                            .statusCode())
                    .isEqualTo(400);
            assertThat(stream.call(updated(stream, info("fixed").toBuilder().addRoles("a//b")))
                            .statusCode())
                    .isEqualTo(400);
            assertThat(stream.call(updated(stream, info("fixed").toBuilder().setName("renamed")))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void capabilitiesShowInTheNextOfferWhicheverMasterWasTold(Encoding encoding) {
        FrameworkInfo plain = SchedulerClient.info("learner")
                .addCapabilities(capability(FrameworkInfo.Capability.Type.PARTITION_AWARE))
                .build();
        try (ApiHarness harness = new ApiHarness(data, Map.of("finback.allocator.offer-timeout", "1 s"));
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(plain)) {
            int elsewhere = harness.another();
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer before = stream.await(Event.Type.OFFERS).getOffers().getOffers(0);
            assertThat(before.hasAllocationInfo()).isFalse();
            assertThat(before.getResources(0).getRole()).isEqualTo("*");
            Call update = updated(
                            stream,
                            plain.toBuilder()
                                    .clearRole()
                                    .addRoles("*")
                                    .addCapabilities(capability(FrameworkInfo.Capability.Type.MULTI_ROLE))
                                    .addCapabilities(capability(FrameworkInfo.Capability.Type.RESERVATION_REFINEMENT)))
                    .setFrameworkId(stream.framework)
                    .build();
            HttpResponse<String> answer =
                    new SchedulerClient(elsewhere, encoding).call(update, "Mesos-Stream-Id", stream.streamId);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            Offer after = stream.next(event -> event.getType() == Event.Type.OFFERS
                            && !event.getOffers().getOffers(0).getId().equals(before.getId()))
                    .getOffers()
                    .getOffers(0);
            assertThat(after.getAllocationInfo().getRole()).isEqualTo("*");
            assertThat(after.getResources(0).hasRole()).isFalse();
        }
    }
}
