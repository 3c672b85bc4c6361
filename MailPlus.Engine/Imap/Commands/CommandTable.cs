using System.Collections.Frozen;
using MailPlus.Engine.Imap.Server;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Every command this server knows, listed by hand.</summary>
internal sealed class CommandTable
{
    private readonly FrozenDictionary<string, ImapCommand> _byName = new ImapCommand[]
    {
        new CapabilityCommand(), new NoopCommand(), new LogoutCommand(), new IdCommand(),
        new StartTlsCommand(), new AuthenticateCommand(), new LoginCommand(),
        new EnableCommand(), new SelectCommand(isExamine: false), new SelectCommand(isExamine: true), new CreateCommand(), new DeleteCommand(), new RenameCommand(),
        new SubscribeCommand(subscribes: true), new SubscribeCommand(subscribes: false), new ListCommand(), new LsubCommand(), new NamespaceCommand(), new StatusCommand(),
        new AppendCommand(), new IdleCommand(), new GetQuotaCommand(), new GetQuotaRootCommand(), new SetQuotaCommand(),
        new CheckCommand(), new CloseCommand(), new UnselectCommand(), new ExpungeCommand(byUid: false), new ExpungeCommand(byUid: true),
        new SearchCommand(byUid: false), new SearchCommand(byUid: true), new FetchCommand(byUid: false), new FetchCommand(byUid: true),
        new StoreCommand(byUid: false), new StoreCommand(byUid: true), new CopyCommand(byUid: false), new CopyCommand(byUid: true),
        new GetAclCommand(), new SetAclCommand(), new DeleteAclCommand(), new ListRightsCommand(), new MyRightsCommand(),
        new UnauthenticateCommand(), new CompressCommand(), new CancelUpdateCommand(), new UidBatchesCommand(), new LanguageCommand(),
        new MoveCommand(byUid: false), new MoveCommand(byUid: true),
        new SortCommand(byUid: false), new SortCommand(byUid: true), new ThreadCommand(byUid: false), new ThreadCommand(byUid: true),
        new GetMetadataCommand(), new SetMetadataCommand(), new MultiSearchCommand(), new NotifyCommand(), new GenUrlAuthCommand(), new ResetKeyCommand(), new UrlFetchCommand(),
        new ReplaceCommand(byUid: false), new ReplaceCommand(byUid: true),
    }.ToFrozenDictionary(c => c.Name, StringComparer.Ordinal);

    /// <summary>A command by its name in capitals, null when there is none.</summary>
    public ImapCommand? Find(string name) => _byName.GetValueOrDefault(name);
}
