package io.finback.mesos.v1;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import java.util.List;
import java.util.stream.Stream;
import org.apache.mesos.v1.Protos.CommandInfo;
import org.apache.mesos.v1.Protos.ContainerInfo;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.HealthCheck;
import org.apache.mesos.v1.Protos.MasterInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.OfferFilters;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.TaskInfo;
import org.apache.mesos.v1.Protos.TaskStatus;
import org.apache.mesos.v1.Protos.Value;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Mesos' own mapping, both ways. Source: apache/mesos 3rdparty/stout/include/stout/protobuf.hpp. */
final class JsonMappingTest {
    private static <M extends Message> M read(String json, M prototype) throws BadMessageException {
        return Encoding.JSON.read(json.getBytes(UTF_8), prototype, Limits.DEFAULT);
    }

    private static String refusal(String json, Message prototype) {
        BadMessageException refused = catchThrowableOfType(BadMessageException.class, () -> {
            var unused = read(json, prototype);
        });
        assertThat(refused).as("a refusal of %s", json).isNotNull();
        return refused.reason();
    }

    private static String written(Message message) {
        return new String(Encoding.JSON.write(message), UTF_8);
    }

    @Test
    void writesNamesAsDeclaredAndDefaultsThatAreNotDeprecated() {
        assertThat(written(FrameworkInfo.newBuilder()
                        .setUser("root")
                        .setName("demo")
                        .build()))
                .isEqualTo("{\"user\":\"root\",\"name\":\"demo\",\"failover_timeout\":0.0,\"checkpoint\":false}");
    }

    @Test
    void writesTheDefaultOfAnEnum() {
        assertThat(written(ContainerInfo.DockerInfo.newBuilder().setImage("x").build()))
                .isEqualTo("{\"image\":\"x\",\"network\":\"HOST\",\"privileged\":false}");
    }

    @Test
    void writesNothingOfAbsentMessagesListsAndFieldsWithoutDefault() {
        assertThat(written(Call.newBuilder().setType(Call.Type.TEARDOWN).build()))
                .isEqualTo("{\"type\":\"TEARDOWN\"}");
    }

    @Test
    void writesMapsAsObjects() {
        FrameworkInfo info = FrameworkInfo.newBuilder()
                .setUser("u")
                .setName("n")
                .putOfferFilters(
                        "dev",
                        OfferFilters.newBuilder()
                                .setMinAllocatableResources(OfferFilters.MinAllocatableResources.newBuilder()
                                        .addQuantities(OfferFilters.ResourceQuantities.newBuilder()
                                                .putQuantities(
                                                        "cpus",
                                                        Value.Scalar.newBuilder()
                                                                .setValue(2)
                                                                .build())))
                                .build())
                .build();
        assertThat(written(info))
                .contains(
                        "\"offer_filters\":{\"dev\":{\"min_allocatable_resources\":{\"quantities\":[{\"quantities\":{\"cpus\":{\"value\":2.0}}}]}}}");
    }

    @Test
    void writesNumbersAsNumbersUnsignedOnesToo() {
        assertThat(written(Value.Range.newBuilder().setBegin(1).setEnd(-1).build()))
                .isEqualTo("{\"begin\":1,\"end\":18446744073709551615}");
        assertThat(written(MasterInfo.newBuilder()
                        .setId("m")
                        .setIp(0xFFFFFFFF)
                        .setPort(5050)
                        .build()))
                .isEqualTo("{\"id\":\"m\",\"ip\":4294967295,\"port\":5050}");
    }

    @Test
    void writesBytesInBase64() {
        byte[] sixteen = {(byte) 0xde, (byte) 0xad, (byte) 0xbe, (byte) 0xef, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        assertThat(written(Call.Acknowledge.newBuilder()
                        .setUuid(ByteString.copyFrom(sixteen))
                        .buildPartial()))
                .isEqualTo("{\"uuid\":\"3q2+7wAAAAAAAAAAAAAAAA==\"}");
    }

    static Stream<Message> everyKind() {
        return Stream.of(
                Event.newBuilder()
                        .setType(Event.Type.SUBSCRIBED)
                        .setSubscribed(Event.Subscribed.newBuilder()
                                .setFrameworkId(org.apache.mesos.v1.Protos.FrameworkID.newBuilder()
                                        .setValue("M-0000"))
                                .setHeartbeatIntervalSeconds(15))
                        .build(),
                Resource.newBuilder()
                        .setName("ports")
                        .setType(Value.Type.RANGES)
                        .setRanges(Value.Ranges.newBuilder()
                                .addRange(
                                        Value.Range.newBuilder().setBegin(31000).setEnd(32000)))
                        .addReservations(Resource.ReservationInfo.newBuilder()
                                .setType(Resource.ReservationInfo.Type.DYNAMIC)
                                .setRole("eng"))
                        .setShared(Resource.SharedInfo.getDefaultInstance())
                        .build(),
                HealthCheck.newBuilder()
                        .setType(HealthCheck.Type.HTTP)
                        .setHttp(HealthCheck.HTTPCheckInfo.newBuilder()
                                .setPort(80)
                                .addStatuses(200))
                        .build(),
                TaskStatus.newBuilder()
                        .setTaskId(
                                org.apache.mesos.v1.Protos.TaskID.newBuilder().setValue("t\"\u00e4\u0001\ud83d\ude00"))
                        .setState(org.apache.mesos.v1.Protos.TaskState.TASK_LOST)
                        .setTimestamp(1700000000.123)
                        .setHealthy(true)
                        .setData(ByteString.copyFrom(new byte[] {0, -1}))
                        .build());
    }

    @ParameterizedTest
    @MethodSource("everyKind")
    void readsWhatItWrote(Message message) throws BadMessageException {
        // Defaults are written out, so what comes back says them; the bytes must be the same again.
        assertThat(written(read(written(message), message.getDefaultInstanceForType())))
                .isEqualTo(written(message));
        assertThat(Encoding.PROTOBUF.read(
                        Encoding.PROTOBUF.write(message), message.getDefaultInstanceForType(), Limits.DEFAULT))
                .isEqualTo(message);
    }

    @Test
    void passesOverUnknownFieldsAndNull() throws BadMessageException {
        Call call = read(
                "{\"type\":\"REVIVE\",\"novelty\":{\"deep\":[{\"er\":1}]},\"framework_id\":null,\"revive\":{\"roles\":[\"a\",null,\"b\"]}}",
                Call.getDefaultInstance());
        assertThat(call.getRevive().getRolesList()).isEqualTo(List.of("a", "b"));
        assertThat(call.hasFrameworkId()).isFalse();
    }

    @Test
    void leavesAnOptionalFieldUnsetForANameTheEnumDoesNotHave() throws BadMessageException {
        Call call = read("{\"type\":\"FROM_THE_FUTURE\"}", Call.getDefaultInstance());
        assertThat(call.hasType()).isFalse();
    }

    @Test
    void refusesANameTheEnumDoesNotHaveWhereItIsRequired() {
        assertThat(refusal("{\"name\":\"cpus\",\"type\":\"VECTOR\"}", Resource.getDefaultInstance()))
                .isEqualTo("type: VECTOR (expected: a name of mesos.v1.Value.Type)");
    }

    @Test
    void refusesEnumsAsNumbers() {
        assertThat(refusal("{\"type\":1}", Call.getDefaultInstance()))
                .isEqualTo("type: 1 (expected: a name of mesos.v1.scheduler.Call.Type)");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "2.5, 2.5",
                "`\"2.5\"`, 2.5",
                "2, 2",
                "1e3, 1000",
                "`\"Infinity\"`, Infinity",
                "`\"-Infinity\"`, -Infinity"
            })
    void readsDoublesPlainAndQuoted(String json, double value) throws BadMessageException {
        assertThat(read("{\"value\":" + json + "}", Value.Scalar.getDefaultInstance())
                        .getValue())
                .isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "true",
                "[]",
                "{}",
                "`\"much\"`",
                "`\"NaN\"`",
                "1e999",
                "`\"\"`",
            })
    void refusesWhatIsNoDouble(String json) {
        assertThat(refusal("{\"value\":" + json + "}", Value.Scalar.getDefaultInstance()))
                .startsWith("value: ")
                .endsWith("(expected: a number)");
    }

    @Test
    void readsWholeNumbersInTheirRange() throws BadMessageException {
        Value.Range range = read("{\"begin\":\"7\",\"end\":18446744073709551615}", Value.Range.getDefaultInstance());
        assertThat(range.getBegin()).isEqualTo(7);
        assertThat(range.getEnd()).isEqualTo(-1);
        assertThat(read("{\"id\":\"m\",\"ip\":4294967295,\"port\":5.0}", MasterInfo.getDefaultInstance())
                        .getIp())
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"-1", "18446744073709551616", "1.5", "1e999999999", "true"})
    void refusesWholeNumbersOutOfRange(String json) {
        assertThat(refusal("{\"begin\":" + json + ",\"end\":1}", Value.Range.getDefaultInstance()))
                .startsWith("begin: ")
                .endsWith("(expected: a whole number in the range of uint64)");
    }

    @Test
    void readsTruthValuesPlainAndQuoted() throws BadMessageException {
        assertThat(read("{\"shell\":\"false\"}", CommandInfo.getDefaultInstance())
                        .getShell())
                .isFalse();
        assertThat(read("{\"shell\":true}", CommandInfo.getDefaultInstance()).getShell())
                .isTrue();
        assertThat(refusal("{\"shell\":1}", CommandInfo.getDefaultInstance()))
                .isEqualTo("shell: 1 (expected: true or false)");
    }

    @Test
    void namesTheWholePathOfWhatIsWrong() {
        assertThat(refusal(
                        "{\"type\":\"ACCEPT\",\"accept\":{\"offer_ids\":[{\"value\":\"a\"},{\"value\":5}]}}",
                        Call.getDefaultInstance()))
                .isEqualTo("accept.offer_ids[1].value: 5 (expected: a string)");
    }

    @Test
    void namesTheWholePathOfWhatIsMissing() {
        assertThat(refusal(
                        "{\"type\":\"ACCEPT\",\"accept\":{\"offer_ids\":[{\"value\":\"a\"},{}]}}",
                        Call.getDefaultInstance()))
                .isEqualTo("accept.offer_ids[1].value: missing (expected: a value, it is required)");
    }

    @Test
    void refusesBytesThatAreNotBase64() {
        assertThat(refusal("{\"data\":\"%%\"}", TaskStatus.getDefaultInstance()))
                .isEqualTo("data: %% (expected: base64 in a string)");
    }

    @Test
    void letsTheLastOfTwoEqualNamesCount() throws BadMessageException {
        Call call = read("{\"revive\":{\"roles\":[\"a\"]},\"revive\":{\"roles\":[\"b\"]}}", Call.getDefaultInstance());
        assertThat(call.getRevive().getRolesList()).isEqualTo(List.of("b"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {"[]", "``", "\"x\"", "5", "{", "{\"type\":", "{\"type\":\"REVIVE\"}{}", "{'type':1}", "{\"a\":01}"
            })
    void refusesWhatIsNotOneJsonObject(String json) {
        assertThat(refusal(json, Call.getDefaultInstance())).isNotBlank();
    }

    @Test
    void refusesToFollowAMessageIntoTheAbyss() {
        String deep = "{\"parent\":".repeat(200) + "{}" + "}".repeat(200);
        assertThat(refusal(deep, org.apache.mesos.v1.Protos.ContainerID.getDefaultInstance()))
                .contains("nested deeper than 100");
        String unknown = "{\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertThat(refusal(unknown, Call.getDefaultInstance())).startsWith("not JSON: ");
    }

    @Test
    void refusesMoreValuesThanTheLimit() {
        String many = "{\"accept\":{\"offer_ids\":[" + "{},".repeat(1000) + "{}]}}";
        BadMessageException refused = catchThrowableOfType(BadMessageException.class, () -> {
            var unused = Encoding.JSON.read(many.getBytes(UTF_8), Call.getDefaultInstance(), new Limits(500, 10));
        });
        assertThat(refused.isTooLarge()).isTrue();
        assertThat(refused.reason()).isEqualTo("the message holds more than 500 values (expected: at most that many)");
    }

    @Test
    void writesAnOfferAsMesosDoes() {
        Offer offer = Offer.newBuilder()
                .setId(org.apache.mesos.v1.Protos.OfferID.newBuilder().setValue("M-O0"))
                .setFrameworkId(
                        org.apache.mesos.v1.Protos.FrameworkID.newBuilder().setValue("M-0000"))
                .setAgentId(org.apache.mesos.v1.Protos.AgentID.newBuilder().setValue("M-S0"))
                .setHostname("n1")
                .addResources(Resource.newBuilder()
                        .setName("cpus")
                        .setType(Value.Type.SCALAR)
                        .setScalar(Value.Scalar.newBuilder().setValue(4))
                        .setAllocationInfo(Resource.AllocationInfo.newBuilder().setRole("dev")))
                .build();
        assertThat(written(offer))
                .contains("\"id\":{\"value\":\"M-O0\"}")
                .contains("{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4.0}")
                .contains("\"allocation_info\":{\"role\":\"dev\"}");
    }

    @Test
    void readsATaskOfTheDocumentation() throws BadMessageException {
        TaskInfo task = read(
                "{\"name\":\"t1\",\"task_id\":{\"value\":\"t1\"},\"agent_id\":{\"value\":\"M-S0\"},"
                        + "\"command\":{\"shell\":true,\"value\":\"sleep 100\"},"
                        + "\"kill_policy\":{\"grace_period\":{\"nanoseconds\":5000000000}},"
                        + "\"limits\":{\"cpus\":{\"value\":\"Infinity\"}}}",
                TaskInfo.getDefaultInstance());
        assertThat(task.getKillPolicy().getGracePeriod().getNanoseconds()).isEqualTo(5_000_000_000L);
        assertThat(task.getLimitsOrThrow("cpus").getValue()).isEqualTo(Double.POSITIVE_INFINITY);
    }
}
