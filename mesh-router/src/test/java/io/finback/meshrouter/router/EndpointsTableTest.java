package io.finback.meshrouter.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.names.Address;
import io.finback.wire.AppEndpoints;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EndpointsTableTest {
    private final EndpointsTable table = new EndpointsTable();
    private long now = 1_000_000_000L;

    private static AppEndpoints web(long revision, int... ports) {
        return new AppEndpoints(
                "/web",
                revision,
                IntStream.of(ports)
                        .mapToObj(port -> new AppEndpoints.Instance("t" + port, "10.0.0.1", List.of(port)))
                        .toList());
    }

    private List<Integer> ports() {
        KnownApp app = table.snapshot().apps().get("/web");
        return app == null ? null : app.addresses().stream().map(Address::port).toList();
    }

    private void connect(int link) {
        table.linkStarted(link, now);
        table.linkConnected(link, true, now);
    }

    private void hear(int link, AppEndpoints endpoints) {
        table.bucket(link, 0, Map.of(endpoints.appId(), endpoints), now);
    }

    private void pass(Duration time) {
        now += time.toNanos();
        table.tick(now);
    }

    @Test
    void takesHigherRevisionsOnly() {
        connect(1);
        hear(1, web(5, 1, 2));
        hear(1, web(4, 9));
        assertThat(ports()).containsExactly(1, 2);
        hear(1, web(6));
        assertThat(ports()).isEmpty();
    }

    @Test
    void keepsTheLastGoodThroughAnEmptyReplica() {
        connect(1);
        hear(1, web(5, 1, 2));
        table.linkConnected(1, false, now);
        connect(2);
        table.bucket(2, 0, Map.of(), now);
        assertThat(ports()).containsExactly(1, 2);
        hear(2, web(6, 3));
        assertThat(ports()).containsExactly(3);
    }

    @Test
    void ignoresWhatAnOldMembershipStillSays() {
        connect(1);
        hear(1, web(5, 1));
        connect(2);
        hear(1, web(9, 9));
        table.linkConnected(1, false, now);
        assertThat(ports()).containsExactly(1);
        assertThat(table.snapshot().connected()).isTrue();
    }

    @Test
    void forgetsAnAppThatWasEmptiedAndThenRemoved() {
        connect(1);
        hear(1, web(5));
        long version = table.snapshot().appsVersion();
        table.bucket(1, 0, Map.of(), now);
        assertThat(ports()).isNull();
        assertThat(table.snapshot().appsVersion()).isGreaterThan(version);
    }

    @Test
    void keepsAnAppThatVanishedWithReadyInstances() {
        connect(1);
        hear(1, web(5, 1));
        table.bucket(1, 0, Map.of(), now);
        assertThat(ports()).containsExactly(1);
    }

    @Test
    void takesALowerRevisionOfNewMastersAfterAWhile() {
        connect(1);
        hear(1, web(50, 1));
        connect(2);
        hear(2, web(3, 7));
        pass(Duration.ofSeconds(9));
        assertThat(ports()).containsExactly(1);
        pass(Duration.ofSeconds(2));
        assertThat(ports()).containsExactly(7);
    }

    @Test
    void forgetsWhatAConnectedMembershipNeverMentions() {
        connect(1);
        hear(1, web(5, 1));
        connect(2);
        table.bucket(2, 1, Map.of("/other", new AppEndpoints("/other", 1, List.of())), now);
        pass(Duration.ofMinutes(9));
        assertThat(ports()).containsExactly(1);
        pass(Duration.ofMinutes(2));
        assertThat(ports()).isNull();
        assertThat(table.snapshot().apps()).containsKey("/other");
    }

    @Test
    void anUnconfirmedAppLosesTheAddressThatAnotherNowHas() {
        connect(1);
        hear(1, web(5, 1, 2));
        connect(2);
        AppEndpoints.Instance owner = new AppEndpoints.Instance("other", "10.0.0.1", List.of(2));
        table.bucket(2, 1, Map.of("/other", new AppEndpoints("/other", 1, List.of(owner))), now);
        assertThat(ports()).containsExactly(1);
        hear(2, web(5, 1, 2)); // the masters say otherwise
        assertThat(ports()).containsExactly(1, 2);
    }

    @Test
    void tellsHowOldItIs() {
        assertThat(table.snapshot().ageMillis(now)).isEqualTo(-1);
        connect(1);
        assertThat(table.snapshot().ageMillis(now)).isZero();
        pass(Duration.ofSeconds(5));
        table.linkConnected(1, false, now);
        pass(Duration.ofSeconds(3));
        assertThat(table.snapshot().ageMillis(now)).isEqualTo(3_000);
        table.linkStarted(2, now);
        assertThat(table.snapshot().ageMillis(now)).isEqualTo(3_000);
    }
}
