package benchmarks;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** The rows of an Apache Parquet file as JSON objects; values are converted by {@link ParquetValue}. */
final class ParquetRows {

    private ParquetRows() {}

    static List<JsonObject> read(Path file) throws IOException {
        List<JsonObject> rows = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file))) {
            MessageType schema = reader.getFileMetaData().getSchema();
            MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = columns.getRecordReader(pages, new GroupRecordConverter(schema));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    rows.add(object(records.read()));
                }
            }
        }
        return rows;
    }

    private static JsonObject object(Group group) throws IOException {
        JsonObject object = new JsonObject();
        for (int field = 0; field < group.getType().getFieldCount(); field++) {
            Type type = group.getType().getType(field);
            object.add(type.getName(), type.isRepetition(Type.Repetition.REPEATED) ? repeated(group, field, false)
                    : group.getFieldRepetitionCount(field) == 0 ? JsonNull.INSTANCE : value(group, field, 0));
        }
        return object;
    }

    private static JsonElement value(Group group, int field, int index) throws IOException {
        Type type = group.getType().getType(field);
        if (type.isPrimitive()) {
            return ParquetValue.of(group, field, index);
        }
        Group inner = group.getGroup(field, index);
        if (!(type.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation)) {
            return object(inner);
        }
        Type element = inner.getType().getType(0); // a group of one field around each element, or the element itself in old files
        return repeated(inner, 0, !element.isPrimitive() && element.asGroupType().getFieldCount() == 1
                && !element.getName().equals("array") && !element.getName().equals(type.getName() + "_tuple"));
    }

    private static JsonArray repeated(Group group, int field, boolean wrapped) throws IOException {
        JsonArray array = new JsonArray();
        for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
            Group element = wrapped ? group.getGroup(field, i) : group;
            array.add(!wrapped ? value(group, field, i)
                    : element.getFieldRepetitionCount(0) == 0 ? JsonNull.INSTANCE : value(element, 0, 0));
        }
        return array;
    }
}
