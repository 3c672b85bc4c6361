using System.Data;
using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace MailPlus.Engine.Database;

/// <summary>A statement of a <see cref="PostgresSession"/>. Rows stream from the server, unless another statement is begun before their end.</summary>
internal sealed class PostgresStatement(PostgresSession session, string sql) : SqlStatement
{
    private readonly List<NpgsqlParameter?> _parameters = [];
    private long _octets;
    private NpgsqlDataReader? _reader;
    private Queue<object[]>? _kept;
    private object[]? _row;
    private byte[] _blob = [];
    private bool _began;

    public override SqlStatement Bind(int index, long value) => Set(index, new NpgsqlParameter<long> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint }, 8);

    public override SqlStatement Bind(int index, string? value) => value is null
        ? Set(index, new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = DBNull.Value }, 0)
        : Set(index, new NpgsqlParameter<string> { TypedValue = Storable(value), NpgsqlDbType = NpgsqlDbType.Text }, value.Length);

    public override SqlStatement Bind(int index, ReadOnlySpan<byte> value) =>
        Set(index, new NpgsqlParameter<byte[]> { TypedValue = value.ToArray(), NpgsqlDbType = NpgsqlDbType.Bytea }, value.Length);

    public override SqlStatement BindNull(int index) => Set(index, new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Unknown, Value = DBNull.Value }, 0);

    public override bool Step()
    {
        if (!_began)
        {
            _began = true;
            _reader = session.Read(this, Command());
        }

        if (_reader is not null)
        {
            if (_reader.Read())
            {
                return true;
            }

            Close();
            return false;
        }

        return _kept is not null && _kept.TryDequeue(out _row);
    }

    public override void Execute()
    {
        session.Add(Command(), _octets);
        Reset();
    }

    public override void Reset()
    {
        Close();
        _kept = null;
        _row = null;
        _began = false;
    }

    public override long Long(int column) => Value(column) switch
    {
        long big => big,
        int small => small,
        short tiny => tiny,
        bool truth => truth ? 1 : 0,
        null => 0,
        var other => Convert.ToInt64(other, CultureInfo.InvariantCulture),
    };

    public override int Int(int column) => (int)Long(column);

    public override bool IsNull(int column) => Value(column) is null;

    public override string Text(int column) => Value(column) as string ?? "";

    public override ReadOnlySpan<byte> Blob(int column) => _blob = Value(column) as byte[] ?? [];

    /// <summary>Ends the reading.</summary>
    internal void Close()
    {
        if (_reader is { } reader)
        {
            _reader = null;
            session.Done(this);
            reader.Dispose();
        }
    }

    /// <summary>Takes the rest of the rows into memory, the present one too.</summary>
    internal void Keep()
    {
        if (_reader is not { } reader)
        {
            return;
        }

        _kept = new Queue<object[]>();
        _row = Values(reader);
        while (reader.Read())
        {
            _kept.Enqueue(Values(reader));
        }

        _reader = null;
        reader.Dispose();
    }

    private static object[] Values(NpgsqlDataReader reader)
    {
        var values = new object[reader.FieldCount];
        reader.GetValues(values);
        return values;
    }

    /// <summary>PostgreSQL takes neither NUL nor half a surrogate pair in a text; headers of mail may hold both.</summary>
    private static string Storable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || (char.IsSurrogate(text[i]) && (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[++i]))))
            {
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\ufffd');
            }
        }

        return text;
    }

    private object? Value(int column)
    {
        var value = _reader is not null ? _reader.GetValue(column) : _row![column];
        return value is DBNull ? null : value;
    }

    private PostgresStatement Set(int index, NpgsqlParameter parameter, long octets)
    {
        while (_parameters.Count <= index)
        {
            _parameters.Add(null);
        }

        _parameters[index] = parameter;
        _octets += octets;
        return this;
    }

    private NpgsqlBatchCommand Command()
    {
        var (text, hasKey) = session.Translate(sql);
        var command = new NpgsqlBatchCommand(text) { CommandType = CommandType.Text };
        if (hasKey)
        {
            command.Parameters.Add(session.Key());
        }

        foreach (var parameter in _parameters)
        {
            command.Parameters.Add(parameter ?? throw new InvalidOperationException($"A parameter is missing: {sql}"));
        }

        _parameters.Clear();
        return command;
    }
}
