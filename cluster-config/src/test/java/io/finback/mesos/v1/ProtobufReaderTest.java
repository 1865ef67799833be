package io.finback.mesos.v1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.apache.mesos.v1.Protos.ContainerID;
import org.apache.mesos.v1.Protos.FrameworkID;
import org.apache.mesos.v1.Protos.OfferID;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.junit.jupiter.api.Test;

final class ProtobufReaderTest {
    private static Call read(byte[] bytes) throws BadMessageException {
        return Encoding.PROTOBUF.read(bytes, Call.getDefaultInstance(), Limits.DEFAULT);
    }

    private static void refused(byte[] bytes, String why) {
        assertThatThrownBy(() -> {
                    var unused = read(bytes);
                })
                .isInstanceOf(BadMessageException.class)
                .hasMessageContaining(why);
    }

    @Test
    void refusesASingularMessageGivenTwice() {
        // The parsers of protoc 3.5 need quadratic time for this (CVE-2022-3171).
        byte[] once = Call.newBuilder()
                .setAccept(Call.Accept.newBuilder()
                        .addOfferIds(OfferID.newBuilder().setValue("o")))
                .buildPartial()
                .toByteArray();
        ByteArrayOutputStream many = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000_000; i++) {
            many.writeBytes(once);
        }
        refused(many.toByteArray(), "mesos.v1.scheduler.Call.accept: given twice");
    }

    @Test
    void readsListsOfAnyLength() throws BadMessageException {
        Call.Accept.Builder accept = Call.Accept.newBuilder();
        for (int i = 0; i < 100_000; i++) {
            accept.addOfferIds(OfferID.newBuilder().setValue("o" + i));
        }
        Call call = Call.newBuilder().setAccept(accept).build();
        assertThat(read(call.toByteArray())).isEqualTo(call);
    }

    @Test
    void refusesEveryTruncation() {
        byte[] whole = Call.newBuilder()
                .setFrameworkId(FrameworkID.newBuilder().setValue("an-id"))
                .setType(Call.Type.REVIVE)
                .build()
                .toByteArray();
        for (int length = 1; length < 8; length++) {
            refused(Arrays.copyOf(whole, length), "not a protobuf message mesos.v1.scheduler.Call");
        }
    }

    @Test
    void namesWhatIsMissing() {
        refused(
                Call.newBuilder()
                        .setAccept(Call.Accept.newBuilder()
                                .addOfferIds(OfferID.getDefaultInstance())
                                .buildPartial())
                        .buildPartial()
                        .toByteArray(),
                "accept.offer_ids[0].value: missing");
    }

    @Test
    void leavesUnknownEnumsUnsetAndPassesOverUnknownFields() throws BadMessageException {
        // Field 2 (type) with 99, and field 1000 with a number.
        Call call = read(new byte[] {0x10, 99, (byte) 0xC0, 0x3E, 1});
        assertThat(call.hasType()).isFalse();
    }

    @Test
    void refusesToFollowAMessageIntoTheAbyss() {
        ContainerID id = ContainerID.newBuilder().setValue("x").build();
        for (int i = 0; i < 150; i++) {
            id = ContainerID.newBuilder().setValue("x").setParent(id).build();
        }
        Message deep = id;
        assertThatThrownBy(() -> {
                    var unused = Encoding.PROTOBUF.read(
                            deep.toByteArray(), ContainerID.getDefaultInstance(), Limits.DEFAULT);
                })
                .isInstanceOf(BadMessageException.class)
                .hasMessageContaining("nested deeper than 100");
    }

    @Test
    void refusesGroupsWithoutEnd() {
        byte[] groups = new byte[100_000];
        Arrays.fill(groups, (byte) 0x7B);
        refused(groups, "not a protobuf message");
    }
}
