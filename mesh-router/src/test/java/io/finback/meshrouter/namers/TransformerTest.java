package io.finback.meshrouter.namers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.names.Address;
import io.finback.names.Name;
import io.finback.names.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransformerTest {
    @Test
    void aLocalNodeIsASubnetOfThreeBytes() {
        List<Address> all = List.of(
                new Address("10.2.3.4", 80),
                new Address("10.2.31.4", 80),
                new Address("10.2.3.200", 81),
                new Address("a", 1));
        Transformer local = Transformer.localNode("10.2.3.9");
        assertThat(local.transform(() -> all).get())
                .containsExactly(new Address("10.2.3.4", 80), new Address("10.2.3.200", 81));
        assertThat(local.transform(new Name.Bound(Path.parse("/#/io.l5d.k8s/x"), Path.EMPTY))
                        .id()
                        .show())
                .isEqualTo("/%/io.l5d.k8s.localnode/10.2.3.9/#/io.l5d.k8s/x");
    }

    @Test
    void onTheHostsNetworkANodeIsWhatItsNameSays() {
        List<Address> all = List.of(
                new Address("10.2.3.4", 80).on("a"), new Address("10.2.3.5", 80).on("b"), new Address("10.2.3.6", 80));
        Transformer local = Transformer.onNode("a");
        assertThat(local.transform(() -> all).get()).containsExactly(new Address("10.2.3.4", 80).on("a"));
        assertThat(local.transform(new Name.Bound(Path.parse("/#/x"), Path.EMPTY))
                        .id()
                        .show())
                .isEqualTo("/%/io.l5d.k8s.localnode/a/#/x");
    }

    @Test
    void refusesWhatIsNoAddress() {
        assertThatThrownBy(() -> Transformer.localNode("fe80::1"))
                .hasMessage("POD_IP: 'fe80::1' (expected: an IPv4 address)");
    }
}
