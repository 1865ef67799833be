package io.finback.mesos.v1;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds what a message lacks. Protobuf's own search lists every missing field; of a million bad tasks the first is enough. */
final class RequiredFields {
    private RequiredFields() {}

    /** The path of the first required field without a value, such as {@code accept.offer_ids[0].value}. */
    static Optional<String> firstMissing(Message message) {
        return message.isInitialized() ? Optional.empty() : search(message, "");
    }

    private static Optional<String> search(Message message, String path) {
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.isRequired() && !message.hasField(field)) {
                return Optional.of(path + field.getName());
            }
        }
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            FieldDescriptor field = entry.getKey();
            if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                continue;
            }
            String at = path + field.getName();
            Optional<String> missing = field.isRepeated()
                    ? searchAll((List<?>) entry.getValue(), at)
                    : inside((Message) entry.getValue(), at);
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> searchAll(List<?> elements, String at) {
        int index = 0;
        for (Object element : elements) {
            Optional<String> missing = inside((Message) element, at + "[" + index + "]");
            if (missing.isPresent()) {
                return missing;
            }
            index++;
        }
        return Optional.empty();
    }

    private static Optional<String> inside(Message message, String at) {
        return message.isInitialized() ? Optional.empty() : search(message, at + ".");
    }
}
