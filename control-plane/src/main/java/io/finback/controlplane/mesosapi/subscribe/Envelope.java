package io.finback.controlplane.mesosapi.subscribe;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.finback.mesos.translate.StatusMessages;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.mesos.v1.scheduler.Protos.Call;

/** What must hold of any call before it is looked into. Source: apache/mesos {@code src/master/validation.cpp}. */
final class Envelope {
    /** These say everything by their type. */
    private static final Set<Call.Type> BARE = Set.of(Call.Type.TEARDOWN, Call.Type.REVIVE, Call.Type.SUPPRESS);

    private Envelope() {}

    /** What is wrong with the envelope; nothing for a type nobody knows, which is another refusal. */
    static Optional<String> problem(Call call) {
        if (!call.hasType()) {
            return Optional.of("Expecting 'type' to be present");
        }
        Call.Type type = call.getType();
        if (type == Call.Type.UNKNOWN) {
            return Optional.empty();
        }
        if (!hasBody(call, type)) {
            return Optional.of("Expecting '" + name(type) + "' to be present");
        }
        if (type == Call.Type.SUBSCRIBE) {
            String inside = call.getSubscribe().getFrameworkInfo().getId().getValue();
            return inside.equals(call.getFrameworkId().getValue())
                    ? Optional.empty()
                    : Optional.of("'framework_id' differs from 'subscribe.framework_info.id'");
        }
        if (!call.hasFrameworkId()) {
            return Optional.of("Expecting 'framework_id' to be present");
        }
        return details(call, type);
    }

    private static Optional<String> details(Call call, Call.Type type) {
        if (type == Call.Type.ACKNOWLEDGE) {
            return uuid(call.getAcknowledge().getUuid().size());
        }
        if (type == Call.Type.ACKNOWLEDGE_OPERATION_STATUS) {
            if (!call.getAcknowledgeOperationStatus().hasAgentId()) {
                return Optional.of("Expecting 'agent_id' to be present");
            }
            return uuid(call.getAcknowledgeOperationStatus().getUuid().size());
        }
        if (type == Call.Type.UPDATE_FRAMEWORK
                && !call.getUpdateFramework()
                        .getFrameworkInfo()
                        .getId()
                        .getValue()
                        .equals(call.getFrameworkId().getValue())) {
            return Optional.of("'framework_id' differs from 'update_framework.framework_info.id'");
        }
        return Optional.empty();
    }

    private static Optional<String> uuid(int bytes) {
        return bytes == StatusMessages.UUID_BYTES
                ? Optional.empty()
                : Optional.of("uuid: " + bytes + " bytes (expected: " + StatusMessages.UUID_BYTES + ")");
    }

    private static boolean hasBody(Call call, Call.Type type) {
        if (BARE.contains(type)) {
            return true;
        }
        FieldDescriptor field = Call.getDescriptor().findFieldByName(name(type));
        return field != null && call.hasField(field);
    }

    /** The field of a type is named like it. */
    private static String name(Call.Type type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
