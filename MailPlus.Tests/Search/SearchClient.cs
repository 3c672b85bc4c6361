using System.Text;
using MailPlus.Tests.Imap;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Search;

/// <summary>A signed-in IMAP client that searches.</summary>
internal sealed class SearchClient
{
    private readonly MemoryConnection _connection;

    private SearchClient(MemoryConnection connection) => _connection = connection;

    public static async Task<SearchClient> StartAsync(ImapUnderTest server, bool withIndex, string mailbox = "INBOX", string name = "kim")
    {
        var client = new SearchClient(server.Connect(withIndex: withIndex));
        await client._connection.ReadLineAsync();
        await client.DoAsync($"LOGIN {name} secret");
        await client.DoAsync($"SELECT {mailbox}");
        return client;
    }

    /// <summary>Runs a command and gives its untagged lines.</summary>
    public async Task<List<string>> DoAsync(string command)
    {
        await _connection.SendAsync(Encoding.UTF8.GetBytes($"t {command}\r\n"));
        var lines = new List<string>();
        while (await _connection.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("t ", StringComparison.Ordinal))
            {
                return line.StartsWith("t OK", StringComparison.Ordinal) ? lines : throw new InvalidOperationException($"{command}: {line}");
            }

            lines.Add(line);
        }

        throw new EndOfStreamException(command);
    }

    public Task AppendAsync(byte[] message, string mailbox = "INBOX") => DoAsync($"APPEND {mailbox} {{{message.Length}+}}\r\n{Encoding.UTF8.GetString(message)}");

    /// <summary>UIDs found.</summary>
    public async Task<string> SearchAsync(string keys) =>
        (await DoAsync($"UID SEARCH CHARSET UTF-8 {keys}")).Single(line => line.StartsWith("* SEARCH", StringComparison.Ordinal));

    /// <summary>A needle as literal.</summary>
    public static string Literal(string needle) => $"{{{Encoding.UTF8.GetByteCount(needle)}+}}\r\n{needle}";
}
