using System.Net.NetworkInformation;
using System.Net.Sockets;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Service;

/// <summary>Service &gt; Protocol: which protocols listen on which port and address. Nothing changes before Apply (PRO-002); then it changes live (PRO-050).</summary>
public sealed partial class ServicePage
{
    private ServiceForm? _form;
    private long _version;
    private IReadOnlyList<ServiceState> _states = [];
    private Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private string _conflict = "";
    private bool _busy;
    private bool _applied;
    private bool _reviewing;

    [SupplyParameterFromQuery]
    private string? Tab { get; set; }

    [Inject]
    private SettingsOperations Settings { get; set; } = default!;

    [Inject]
    private Dashboard Dashboard { get; set; } = default!;

    [Inject]
    private TimeProvider Clock { get; set; } = default!;

    private string BarProblem => Problem.Length > 0 ? Problem : _conflict.Length > 0 ? _conflict : _refused.Count > 0 ? L["FieldsWrong", _refused.Count] : "";

    /// <summary>Addresses of this machine with the name of their interface (PRO-047).</summary>
    private static IEnumerable<(string Address, string Name)> Addresses =>
        from card in NetworkInterface.GetAllNetworkInterfaces()
        where card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown
        from unicast in card.GetIPProperties().UnicastAddresses
        where unicast.Address.AddressFamily is AddressFamily.InterNetwork || !unicast.Address.IsIPv6LinkLocal
        select (unicast.Address.ToString(), card.Name);

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        await FillAsync();
        await ReadStatesAsync();
        _ = RepeatAsync(TimeSpan.FromSeconds(3), ReadStatesAsync);
    }

    private Task<bool> FillAsync() => TryAsync(actor =>
    {
        var snapshot = Settings.Get(actor);
        _version = snapshot.Version;
        _form = new ServiceForm(snapshot.Service);
        _refused.Clear();
        _conflict = "";
        return Task.CompletedTask;
    });

    private async Task ReadStatesAsync()
    {
        try
        {
            _states = (await Dashboard.ReadAsync(await SignedIn.GetAsync(Gone), Instant.Now(Clock), Gone)).Services;
        }
        catch (RefusedException)
        {
            _states = []; // whoever may change settings need not see the monitoring
        }
    }

    private ServiceState? StateOf(ListenerLine line) => _states.FirstOrDefault(state => state.Name == line.Listener);

    private string StateText(ServiceState state) => state.Port is { } port ? L["StateOnPort", L[$"{state.Condition}"], port] : L[$"{state.Condition}"];

    private string? ErrorOf(string name) => _refused.GetValueOrDefault(name);

    private void ChooseAddress(ChangeEventArgs change)
    {
        if (change.Value is string address && address != "+")
        {
            _form!.Draft = _form.Draft with { ListenAddresses = address.Length == 0 ? [] : [address] };
        }
    }

    private string Describe(string name, ServiceSettings settings) => ServiceForm.Value(name, settings) switch
    {
        ListenerSetting { Enabled: true, Port: var port } => L["OnPort", port],
        ListenerSetting => L["Off"],
        true => L["On"],
        false => L["Off"],
        "" when name != "Service.ListenAddresses" => L["AsAbove"],
        "" => L["AllAddresses"],
        var other => other.ToString() ?? "",
    };

    private async Task Discard()
    {
        await FillAsync();
        _applied = false;
    }

    private async Task ApplyAsync(bool onTrial)
    {
        _applied = false;
        _conflict = "";
        _refused = _form!.Faults().ToDictionary(fault => fault.Key, fault => L[fault.Value].Value, StringComparer.Ordinal);
        if (_refused.Count > 0)
        {
            return;
        }

        _busy = true;
        SettingsOutcome? outcome = null;
        var draft = _form.Draft;
        if (await TryAsync(async actor => outcome = await Settings.SaveAsync(actor, _version, snapshot => snapshot with { Service = draft }, onTrial, Gone)))
        {
            if (outcome!.IsSaved)
            {
                await FillAsync();
                await ReadStatesAsync();
                _applied = true;
            }
            else
            {
                foreach (var refusal in outcome.Refusals)
                {
                    if (refusal.Field is { } field)
                    {
                        _refused[field] = Refusals.Of(refusal);
                    }
                    else
                    {
                        _conflict = Refusals.Of(refusal);
                    }
                }
            }
        }

        _busy = false;
    }
}
