using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>The SQLite store under the contract, and what only it has: files, crashes of its process, full disks.</summary>
public sealed class SqliteMailStoreTests : MailStoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailplus-store-").FullName;
    private readonly SqliteThreads _threads = new(NullLogger<SqliteThreads>.Instance, 4);

    protected override Task<IMailStore> OpenStoreAsync() => Task.FromResult<IMailStore>(new SqliteMailStore(Path.Combine(_folder, "accounts"), _threads, TimeProvider.System));

    protected override async Task CleanAsync()
    {
        await _threads.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override Task RestoreAsync(string folder, AccountId account)
    {
        Directory.Move(folder, Path.Combine(_folder, "accounts", account.ToString()));
        return Task.CompletedTask;
    }
}
