using System.Xml.Linq;
using MailPlus.Engine.Settings;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Web;

/// <summary>The history and the messages of the console name settings as people do.</summary>
public sealed class SettingLabelsTests
{
    [Fact]
    public void Every_setting_has_a_label()
    {
        var labels = XDocument.Load(Path.Combine(RepositoryTree.Root, "MailPlus.Web", "Admin", "Service", "SettingLabels.resx")).Root!
            .Elements("data").Select(data => data.Attribute("name")!.Value).ToHashSet();
        Assert.All(new SettingsCatalog().All, setting => Assert.Contains(setting.Name, labels));
    }
}
